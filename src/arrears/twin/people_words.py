"""Words that made-up people and firms are called by, and the towns and streets they live in, which do not exist."""

SURNAMES = (
    *"王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾萧田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金韦贾夏方邹熊白孟秦邱侯江尹薛段雷龙黎史陶贺毛郝顾龚邵万",
    "欧阳", "上官", "诸葛", "司马", "慕容",
)
"""Common first: the order is roughly that of how many bear them."""
FEMALE = tuple("芳娜秀英敏静丽艳娟霞燕玲桂兰红梅琳雪婷慧莹洁倩颖璐瑶欣怡佳雅蓉萍云珍菊")
MALE = tuple("伟强磊军洋勇杰涛明超刚平辉健俊帆宇浩凯鹏志建国文斌波宁华峰林东海诚毅")
LATIN = {
    "female": ("Alice", "Clara", "Dora", "Emma", "Grace", "Helen", "Irene", "Laura", "Nora", "Ruth"),
    "male": ("Adam", "Brian", "Colin", "David", "Eric", "Frank", "Henry", "Ivan", "Martin", "Peter"),
    "surname": ("Archer", "Barrow", "Calder", "Dunmore", "Ellery", "Fenwick", "Garrow", "Harland", "Ingram", "Kestrel", "Lowell", "Marsden"),
}
CITIES = ("澄川市", "栖云市", "泊星市", "拂晓市", "鹭汀市", "雾岭市", "霁原市", "砚湖市", "枕溪市", "萤泽市", "琅浦市", "穗湾市")
"""Invented: no town is called so, so no address in one of them is anybody's."""
ROADS = ("听雨路", "拾光街", "望舒大道", "半夏巷", "采薇路", "折桂街", "揽月路", "青榆巷", "落霞大道", "渡鸦街", "银杏里路", "白帆路", "问渠街", "藏书巷", "纸鸢路")
FIRM_WORDS = ("云帆", "恒泽", "禾穗", "青岚", "远枫", "晨曜", "瑞麓", "沐川", "鼎澄", "星垣", "嘉穗", "博雾")
TRADES = {
    "retail": "商贸", "catering": "餐饮", "wholesale": "批发", "logistics": "物流", "manufacturing": "制造", "construction": "建筑", "services": "服务",
    "agriculture": "农产品", "education": "教育",
}
"""By the book's word for an industry."""
PROVINCES = {
    "CN-GD": "广东省", "CN-JS": "江苏省", "CN-ZJ": "浙江省", "CN-SD": "山东省", "CN-HE": "河北省", "CN-HA": "河南省", "CN-SC": "四川省", "CN-HB": "湖北省",
    "CN-HN": "湖南省", "CN-FJ": "福建省", "CN-AH": "安徽省", "CN-SH": "上海市", "CN-BJ": "北京市", "CN-SN": "陕西省", "CN-JX": "江西省", "CN-LN": "辽宁省",
    "CN-CQ": "重庆市", "CN-GX": "广西壮族自治区", "CN-YN": "云南省", "CN-GZ": "贵州省", "CN-TJ": "天津市",
}
"""By ISO 3166-2, the regions of the made-up book."""
