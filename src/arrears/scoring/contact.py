"""Contact: by which channel and at which hour is the right person reached?"""

from arrears.scoring.target import Target

CONTACT = Target(
    "contact", "contact", ("联系到本人", "reaches the person themselves"), ("逾期人的电话、语音机器人与上门的每一时段", "every hour for a call, a voice bot or a visit to people who are late"), 1, False,
    limits=(("只知道过去实际拨打过的时段与渠道；从未试过的时段，估计是外推。",
             "Only hours and channels that were tried are known; for those never tried the estimate is a guess beyond the data."),
            ("短信、邮件等只知是否送达，不知是否看到，因此不在其中。", "Of messages only the delivery is known, not whether anybody read them, so they are left aside."),))
MODELS = (CONTACT,)
