"""Other names of the demo's attractions, by which people look for them; keys as our list spells them. Generally known."""

from typing import Final

OTHER_NAMES: Final = {
    "故宫博物院": ("故宫", "紫禁城", "Forbidden City", "Imperial Palace"),
    "颐和园": ("清漪园",),
    "天坛公园": ("天坛", "祈年殿"),
    "北京八达岭－慕田峪长城旅游区": ("长城", "万里长城", "The Great Wall"),
    "上海东方明珠广播电视塔": ("东方明珠", "Oriental Pearl Tower"),
    "杭州市西湖风景名胜区": ("西湖", "断桥", "雷峰塔"),
    "泰安市泰山景区": ("岱宗", "东岳"),
    "黄山市黄山风景区": ("Yellow Mountain",),
    "厦门市鼓浪屿风景名胜区": ("鼓浪屿", "Kulangsu"),
    "成都市青城山--都江堰旅游景区": ("都江堰", "青城山"),
    "西安市秦始皇兵马俑博物馆": ("兵马俑", "秦俑", "Terracotta Army", "Terracotta Warriors"),
    "拉萨布达拉宫景区": ("布达拉宫", "Potala Palace"),
    "南京市钟山风景名胜区-中山陵园风景区": ("中山陵", "Sun Yat-sen Mausoleum"),
}
