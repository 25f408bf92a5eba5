"""Administrative divisions inside an ID number: province names, and whether a division is still on the list."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

from wenyue.core.documents.model import Document, DocumentKind


@dataclass(frozen=True, slots=True)
class Province:
    """A province-level division of GB/T 2260: its two digits and its official names by language (`zh-CN`, `en`)."""

    code: str
    name: Mapping[str, str]


# GB/T 2260. 71 is Taiwan in the standard; residence permits write Taiwan as 83 (国务院 2018 居住证 measures).
_PROVINCES = """
11 北京市 Beijing|12 天津市 Tianjin|13 河北省 Hebei|14 山西省 Shanxi|15 内蒙古自治区 Inner Mongolia
21 辽宁省 Liaoning|22 吉林省 Jilin|23 黑龙江省 Heilongjiang
31 上海市 Shanghai|32 江苏省 Jiangsu|33 浙江省 Zhejiang|34 安徽省 Anhui|35 福建省 Fujian|36 江西省 Jiangxi
37 山东省 Shandong|41 河南省 Henan|42 湖北省 Hubei|43 湖南省 Hunan|44 广东省 Guangdong
45 广西壮族自治区 Guangxi|46 海南省 Hainan|50 重庆市 Chongqing|51 四川省 Sichuan|52 贵州省 Guizhou
53 云南省 Yunnan|54 西藏自治区 Xizang|61 陕西省 Shaanxi|62 甘肃省 Gansu|63 青海省 Qinghai
64 宁夏回族自治区 Ningxia|65 新疆维吾尔自治区 Xinjiang|71 台湾省 Taiwan
81 香港特别行政区 Hong Kong|82 澳门特别行政区 Macao|83 台湾省 Taiwan
"""
PROVINCES: dict[str, Province] = {
    code: Province(code, {"zh-CN": chinese, "en": english})
    for code, chinese, english in (
        entry.split(" ", 2) for entry in _PROVINCES.strip().replace("\n", "|").split("|")
    )
}


def province_of(document: Document) -> Province | None:
    """The province a document was first issued in; None where the number carries none or it is unknown.

    For the 2023 permanent-resident card the digits after the leading 9 are read as the province (check that layout
    before relying on it); the older fifteen-character card and all travel documents carry no province.
    """
    if document.kind is DocumentKind.RESIDENT_ID or document.kind is DocumentKind.RESIDENCE_PERMIT:
        return PROVINCES.get(document.number[:2])
    if document.kind is DocumentKind.FOREIGN_PR and document.number[0] == "9":
        return PROVINCES.get(document.number[1:3])
    return None


def _read_current() -> frozenset[str]:
    """Expand `divisions.txt`: a four-digit prefecture, then the two-digit counties and ranges of them."""
    codes: set[str] = set()
    for line in (
        files("wenyue.core.documents").joinpath("divisions.txt").read_text(encoding="utf-8").splitlines()
    ):
        if line.startswith("#"):
            continue
        prefecture, *counties = line.split()
        for county in counties:
            first, _, last = county.partition("-")
            codes.update(f"{prefecture}{number:02}" for number in range(int(first), int(last or first) + 1))
    return frozenset(codes)


CURRENT_DIVISIONS = _read_current()
