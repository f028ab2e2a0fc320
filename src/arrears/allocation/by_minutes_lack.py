"""What makes it impossible to give all cases within the minutes, as far as it is proven."""

import numpy as np

from arrears.compiled import compiled
from arrears.refusal import Refused

WEIGHT = 1024
ROUNDS = 400
NAMED = 3


def refuse_misfits(permitted: np.ndarray, minutes: np.ndarray, within: np.ndarray) -> None:
    """Raises where some case fits nobody, naming the first few: nobody may have it, or by how many minutes it is too long for each who may.

    permitted: Bool[A, J]; minutes: Int64[A, J]; within: Int64[A].
    """
    misfits = np.flatnonzero(~(permitted & (minutes <= within[:, None])).any(axis=0))
    if not len(misfits):
        return
    en, zh = [], []
    for case in misfits[:NAMED]:
        may = permitted[:, case]
        if may.any():
            beyond = int((minutes[may, case] - within[may]).min())
            en.append(f"case {case} (counted from 0) takes at least {beyond} minutes more than anybody has who may have it")
            zh.append(f"第 {case} 件（从 0 数起）比可办人员中任何一人的时间至少多 {beyond} 分钟")
        else:
            en.append(f"case {case} (counted from 0) may be given to nobody")
            zh.append(f"第 {case} 件（从 0 数起）没有任何人可办")
    raise Refused(
        f"{len(misfits)} of {permitted.shape[1]} cases fit nobody: {'; '.join(en)}; add people who may and have the time, or leave these cases out",
        f"{permitted.shape[1]} 件中有 {len(misfits)} 件无人可接：{'；'.join(zh)}；请增加可办且有时间的人员，或去掉这些案件")


def refuse_lacking(permitted: np.ndarray, minutes: np.ndarray, within: np.ndarray, fits: np.ndarray) -> None:
    """Raises where the minutes are proven not to suffice, with how many are lacking at least.

    permitted: Bool[A, J], who may have a case; fits: those of them whose minutes hold it by itself; minutes: Int64[A, J]; within: Int64[A].
    """
    most = int(np.where(fits, minutes, 0).max(axis=0).sum())
    # Larger figures change nothing: nobody needs more than all, and a case beyond somebody's day stays beyond it.
    minutes, within = np.minimum(minutes, most + 1), np.minimum(within, most)
    cases = permitted.shape[1]
    short, en, zh = lacking(minutes, within, permitted), "however they are given", "无论怎样分配"
    if short <= 0:
        short, en, zh = lacking(minutes, within, fits), "as long as each goes to somebody whose minutes hold it", "只要每件都交给时间容得下它的人"
    if short > 0:
        raise Refused(
            f"the minutes do not suffice: at least {short} are lacking for the {cases} cases, {en}; add people or minutes, or leave cases out",
            f"分钟数不够：{cases} 件案件，{zh}，至少还缺 {short} 分钟；请增加人手或时间，或减少案件")


def lacking(minutes: np.ndarray, within: np.ndarray, fits: np.ndarray) -> int:
    """Minutes that are lacking at least, however the cases are given; 0 proves nothing.

    With a weight from 0 to 1 for each person's minutes, a case needs at least its least weighted minutes; what all cases need beyond the weighted minutes
    there are is lacking. Equal weights compare the sums; weights of 0 and 1 find a group of cases that only a few people can take.
    Weights rise for those who are asked too much (subgradient). minutes, fits: [A, J]; every case fits somebody.
    """
    return int(_lacking(minutes, within, fits))


@compiled
def _lacking(minutes, within, fits):
    people, cases = minutes.shape
    weights = np.full(people, float(WEIGHT))
    whole = np.empty(people, np.int64)
    worst = np.int64(0)
    for done in range(ROUNDS):
        for person in range(people):
            whole[person] = np.int64(weights[person])
        value = np.int64(0)
        asked = np.zeros(people, np.float64)
        for person in range(people):
            value -= whole[person] * within[person]
            asked[person] = -within[person]
        for case in range(cases):
            least, whom = np.int64(-1), 0
            for person in range(people):
                if fits[person, case]:
                    here = whole[person] * minutes[person, case]
                    if least < 0 or here < least:
                        least, whom = here, person
            value += least
            asked[whom] += minutes[whom, case]
        worst = max(worst, value)
        largest = np.abs(asked).max()
        if largest == 0.0:
            break
        for person in range(people):
            moved = weights[person] + asked[person] / largest * WEIGHT / (2.0 + 0.2 * done)
            weights[person] = min(max(moved, 0.0), float(WEIGHT))
    # The part of a minute counts as a whole one, for minutes are whole.
    return -(-worst // WEIGHT)
