"""Contact: by which channel and at which hour is the right person reached?"""

from arrears.scoring.target import Target

CONTACT = Target(
    "contact", "contact", ("联系到本人", "reaches the person themselves"), ("逾期人的每一渠道与时段", "every channel and hour for people who are late"), 1, False,
    limits=(("只知道过去实际拨打过的时段与渠道；从未试过的时段，估计是外推。",
             "Only hours and channels that were tried are known; for those never tried the estimate is a guess beyond the data."),))
MODELS = (CONTACT,)
