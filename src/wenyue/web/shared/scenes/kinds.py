"""Which kind of scene a place has: a tag may choose it; else words in its name tell, and what sort of venue it is."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Kind:
    """How a kind is coloured (OKLCH: hue in degrees, chroma), and whether it stands under the sky."""

    hue: float
    chroma: float
    has_sky: bool = True


KINDS: Final = {
    "mountain": Kind(172, 0.05),
    "snow": Kind(245, 0.04),
    "gorge": Kind(195, 0.045),
    "waterfall": Kind(165, 0.05),
    "karst": Kind(150, 0.06),
    "danxia": Kind(42, 0.08),
    "cave": Kind(50, 0.045, has_sky=False),
    "cableway": Kind(188, 0.05),
    "lake": Kind(205, 0.05),
    "wetland": Kind(110, 0.05),
    "island": Kind(215, 0.055),
    "spring": Kind(30, 0.035),
    "aquarium": Kind(228, 0.07, has_sky=False),
    "desert": Kind(75, 0.07),
    "grassland": Kind(130, 0.07),
    "forest": Kind(145, 0.06),
    "terraces": Kind(120, 0.065),
    "village": Kind(95, 0.045),
    "glasshouse": Kind(138, 0.06),
    "temple": Kind(85, 0.045),
    "lamasery": Kind(235, 0.05),
    "grotto": Kind(62, 0.06),
    "tower": Kind(150, 0.05),
    "tomb": Kind(100, 0.035),
    "memorial": Kind(160, 0.04),
    "palace": Kind(70, 0.045),
    "wall": Kind(115, 0.045),
    "citygate": Kind(105, 0.04),
    "museum": Kind(270, 0.03),
    "city": Kind(280, 0.04),
    "town": Kind(235, 0.03),
    "courtyard": Kind(220, 0.025),
    "garden": Kind(140, 0.055),
    "zoo": Kind(125, 0.065),
    "park": Kind(330, 0.035),
    "coach": Kind(200, 0.045),
    "hotel": Kind(255, 0.045),
    "restaurant": Kind(76, 0.05, has_sky=False),
}
_CHOSEN: Final = "scene-"

# What names say, the most telling words first: a museum in a palace is a palace, a temple on a mountain a temple.
_WORDS: Final = (
    ("karst", "武陵源 张家界"),
    ("desert", "塔克拉玛干"),
    ("cableway", "索道 缆车 cable-car gondola ropeway cableway"),
    ("spring", "温泉 热海 汤池 hot-spring"),
    ("aquarium", "海洋公园 海洋世界 海洋馆 极地 水族 海底世界 aquarium ocean-park"),
    ("zoo", "动物园 动物世界 麋鹿 熊猫 野生动物 zoo safari"),
    ("glasshouse", "植物园 世博园 花博 百花 杜鹃 botanical"),
    (
        "park",
        "方特 欢乐谷 乐园 游乐 恐龙 影视 世纪城 长隆 华侨城 乐满地 休博园 度假世界 迪士尼 theme-park amusement",
    ),
    ("lamasery", "布达拉 大昭寺 扎什伦布 塔尔寺 拉卜楞 松赞林 喇嘛 lamasery potala"),
    ("grotto", "石窟 石刻 大佛 麦积山 炳灵 千佛 云冈 莫高 造像 grotto"),
    ("wall", "长城 great-wall"),
    ("citygate", "山海关 雁门关 嘉峪关 剑门关 娘子关 城墙 关隘 city-wall"),
    ("palace", "故宫 宫廷 皇宫 大明宫 娲皇宫 华清 王府 王城 明故城 天坛 殷墟 palace forbidden-city"),
    ("museum", "博物 科技馆 美术馆 展览馆 兵马俑 民俗 雕塑 碑林 科学馆 文物古迹 museum gallery"),
    ("tomb", "陵 墓 tomb mausoleum"),
    ("memorial", "纪念 革命 起义 摇篮 西柏坡 井冈山 韶山 古田 故里 故居 诞生地 红旗 花明楼 memorial"),
    ("temple", "寺 庙 佛 禅 道观 妈祖 普陀 五台山 九华山 峨眉 灵山 少林 南山 灵隐 temple monastery"),
    ("city", "东方明珠 电视塔 外滩 奥林匹克 奥帆 金鸡湖 两江 三峡大坝 broadcasting skyline"),
    ("tower", "塔 阁 黄鹤楼 岳阳楼 钟楼 鼓楼 雷峰 碉楼 pagoda"),
    ("lake", "千岛湖 thousand-island"),
    ("island", "岛 海湾 海岸 海滩 金石滩 角湾 天涯 蓬莱 海上 橘子洲 涠洲 鼓浪屿 湄洲 island beach coast"),
    ("desert", "沙漠 响沙 鸣沙 沙坡头 胡杨 塔克拉玛干 月牙泉 魔鬼城 湖杨 desert"),
    ("grassland", "草原 那拉提 喀拉峻 巴音布鲁克 江布拉克 呼伦贝尔 东索 边境 grassland prairie"),
    ("wetland", "湿地 白洋淀 沙家浜 溱湖 河口 红海滩 芦苇 查干 wetland marsh"),
    ("snow", "雪山 冰川 海螺沟 四姑娘 帕米尔 长白山 天山大 天池 亚丁 北极 太白山 冰雪 snow glacier"),
    ("waterfall", "瀑布 壶口 黄果树 德天 九寨 三叠 waterfall"),
    ("cave", "洞 龙宫 地下 cave cavern"),
    ("karst", "喀斯特 石林 漓江 象山 独秀峰 武陵源 张家界 石阵 奇石 普者黑 峰林 karst"),
    ("danxia", "丹霞 崀山 龙虎山 龟峰 江郎山 可可托海 danxia"),
    ("gorge", "峡 沟 大裂谷 神农溪 鸳鸯溪 依河 黑山谷 乾坤湾 青天河 樟江 清江 野三坡 gorge canyon"),
    ("terraces", "梯田 茶 葡萄 terraces plantation"),
    ("village", "土楼 村 侗 苗 羌 黎 程阳 滕头 village"),
    (
        "town",
        "古镇 古城 老城 府城 古街 古文化街 廿八都 三坊七巷 徽州 淹城 水乡 水城 龙川 夫子庙 江湾 华夏城 old-town water-town",
    ),
    ("courtyard", "相府 大院 三孔 孔府 孔庙 民居 大槐树 桃花源 溪口 古隆中 courtyard mansion"),
    ("garden", "园林 颐和 避暑 圆明园 拙政 留园 芙蓉园 故土园 上河园 沈园 garden"),
    ("forest", "森林 雨林 林海 神农架 普达措 梵净 虎头 forest woodland"),
    ("lake", "湖 池 海子 水库 淀 措 潭 泉 运河 濠河 洋 八里河 画廊 西海 鼋头渚 喀纳斯 lake reservoir"),
    ("mountain", "山 峰 岭 岳 坡 mountain peak mount"),
)
_RULES: Final = tuple(
    (kind, tuple(word.replace("-", " ") for word in words.split())) for kind, words in _WORDS
)
# Regions in front of a name, and names that hold a telling word but tell nothing by it.
_PROVINCES: Final = (
    "北京|天津|河北|山西|内蒙古|辽宁|吉林|黑龙江|上海|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|广东|广西|海南|重庆|四川|贵州|云南"
    "|西藏|陕西|甘肃|青海|宁夏|新疆"
)
_REGION: Final = re.compile(
    rf"^(?:{_PROVINCES})(?:省|市|壮族自治区|回族自治区|维吾尔自治区|生产建设兵团|自治区)?(?=.{{2}})"
    r"|^[^（(·]{1,12}?(?:自治州|地区)(?=.{2})|^[^（(·山湖岛寺]{1,4}?(?:市|盟|州)(?=.{2})(?!古)|^[^（(·]{1,3}[县区](?=.{2})"
)
_MISLEADING: Final = re.compile(
    "武陵山|海陵岛|茅山|万佛(?=湖)|金佛山|洪洞|广陵|金陵|青岛|秦皇岛|葫芦岛|五大连池|佛山市|尔塔拉|天堂寨|山海景"
)


def kind_of(names: Sequence[str], tags: Sequence[str] = (), venue_kind: str = "attraction") -> str:
    """The kind of scene of a place: what a tag `scene-KIND` says; else what its names say; else a tag that is a kind's name.

    Other tags say what cards cover, which is coarser than a name: half of all places may be tagged `mountain`. The Chinese
    name comes first among `names`: where it tells something, the others are not asked.
    """
    for tag in tags:
        if tag.startswith(_CHOSEN) and tag[len(_CHOSEN) :] in KINDS:
            return tag[len(_CHOSEN) :]
    if venue_kind in {"hotel", "restaurant"}:
        return venue_kind
    said = [_told(name) for name in names]
    found = next((kind for name in said for kind, words in _RULES if any(word in name for word in words)), "")
    if venue_kind == "transport":
        return found if found == "cableway" else "coach"
    return found or next((tag for tag in tags if tag in KINDS), "mountain")


def _told(name: str) -> str:
    """The part of a name that can tell what is there: regions in front are left out, one after the other."""
    rest = name.casefold()
    for _ in range(4):
        shorter = _REGION.sub("", rest, count=1)
        if shorter == rest:
            break
        rest = shorter
    return _MISLEADING.sub("", rest)
