"""What each kind of file can say, and the names that offices give its columns. Data; names are folded when compared."""

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Final

from wenyue.imports.reading.heading import fold_name


class Kind(StrEnum):
    """What the rows of a file are."""

    VENUES = "venues"
    PRODUCTS = "products"
    SESSIONS = "sessions"
    CARDS = "cards"
    BOOKINGS = "bookings"


class Shape(StrEnum):
    """How a value looks, by which a column is recognised when its name says nothing."""

    TEXT = "text"
    KEY = "key"
    WHOLE = "whole"
    NUMBER = "number"
    DATE = "date"
    TIME = "time"
    SPAN = "span"
    PERSON = "person"
    DOCUMENT = "document"
    PHONE = "phone"


@dataclass(frozen=True, slots=True)
class Field:
    """Something a row can say. `names`: as columns are called, the exact ones first; the last words of one count, too."""

    name: str
    shape: Shape
    names: tuple[str, ...]
    is_needed: bool = False


def _field(name: str, shape: Shape, names: str, *, needed: bool = False) -> Field:
    return Field(name, shape, tuple(names.split()), needed)


_VENUE: Final = (
    "场馆 场馆名称 景区 景区名称 景点 景点名称 场所 商户 商户名称 门店 酒店 酒店名称 "
    "餐厅 餐厅名称 venue venue_code 场馆代码 attraction hotel"
)
FIELDS: Final[dict[Kind, tuple[Field, ...]]] = {
    Kind.VENUES: (
        _field("code", Shape.KEY, "code 代码 编码 编号 场馆代码 景区代码 venue_code"),
        _field(
            "name",
            Shape.TEXT,
            "name 名称 景区名称 景点名称 场馆名称 酒店名称 餐厅名称 商户名称 景区 景点 场馆 酒店 餐厅 name_zh 中文名",
            needed=True,
        ),
        _field("name_en", Shape.TEXT, "name_en 英文名 英文名称 english englishname"),
        _field("kind", Shape.TEXT, "kind type 类型 种类 类别 场馆类型 业态"),
        _field("province", Shape.TEXT, "province 省份 省 所在省 省市区 省区市"),
        _field("city", Shape.TEXT, "city 城市 市 地市 所在市 地级市"),
        _field("latitude", Shape.NUMBER, "latitude lat 纬度 北纬"),
        _field("longitude", Shape.NUMBER, "longitude lng lon 经度 东经"),
        _field("level", Shape.TEXT, "level 等级 级别 质量等级 a级 星级 评级"),
        _field("timezone", Shape.TEXT, "timezone tz 时区"),
        _field("summary", Shape.TEXT, "summary 简介 介绍 概况 description"),
        _field("summary_en", Shape.TEXT, "summary_en 英文简介 英文介绍"),
        _field("tags", Shape.TEXT, "tags 标签 关键词"),
        _field("aliases", Shape.TEXT, "aliases 别名 其他名称 又名 别称 俗称 曾用名 alias"),
        _field("opens", Shape.TIME, "opens 开门时间 开园时间 开放时间 开始营业 open"),
        _field("closes", Shape.TIME, "closes 关门时间 闭园时间 停止营业 close"),
        _field("last_entry", Shape.TIME, "last_entry 停止入园 停止检票 最晚入园 停止入园时间"),
        _field("closed_weekdays", Shape.TEXT, "closed_weekdays 闭馆日 闭园日 休息日 休息"),
        _field("hours_by_day", Shape.TEXT, "hours_by_day 分日开放时间 每周开放时间"),
        _field("hours_note", Shape.TEXT, "hours_note 开放说明 开放时间说明 营业说明"),
        _field("hours_note_en", Shape.TEXT, "hours_note_en 英文开放说明"),
        _field("address", Shape.TEXT, "address 地址 详细地址 场馆地址 景区地址 酒店地址"),
        _field("address_en", Shape.TEXT, "address_en 英文地址"),
        _field("entrance", Shape.TEXT, "entrance 入口 入园口 检票口 集合地点"),
        _field("entrance_en", Shape.TEXT, "entrance_en 英文入口"),
        _field("directions", Shape.TEXT, "directions 交通 交通指引 怎么去 乘车路线"),
        _field("directions_en", Shape.TEXT, "directions_en 英文交通"),
        _field("access", Shape.TEXT, "access 无障碍 无障碍设施"),
        _field("access_en", Shape.TEXT, "access_en 英文无障碍"),
        _field("sights", Shape.TEXT, "sights 看点 看什么 亮点"),
        _field("sights_en", Shape.TEXT, "sights_en 英文看点"),
        _field("phone", Shape.TEXT, "phone 电话 咨询电话 联系电话 服务电话 tel"),
    ),
    Kind.PRODUCTS: (
        _field("venue", Shape.TEXT, _VENUE, needed=True),
        _field("code", Shape.KEY, "code 代码 编码 编号 产品代码 产品编号 sku product_code"),
        _field(
            "name",
            Shape.TEXT,
            "name 名称 产品 产品名称 票种 票型 票名 房型 餐位 座位 班次 name_zh product",
            needed=True,
        ),
        _field("name_en", Shape.TEXT, "name_en 英文名 英文名称"),
        _field("kind", Shape.TEXT, "kind type 类型 种类 类别 产品类型"),
        _field("price", Shape.NUMBER, "price 价格 单价 售价 门市价 挂牌价 票价 房价 金额"),
        _field("currency", Shape.TEXT, "currency 币种 货币"),
        _field("policy", Shape.TEXT, "policy policy_code 预约规则 规则 规则代码"),
        _field("needs_visitors", Shape.TEXT, "needs_visitors 实名 是否实名 实名制 实名预约"),
        _field("person_rule", Shape.TEXT, "person_rule 每人限次 每人限约 一人限次 限约规则"),
        _field("first_gate", Shape.TEXT, "first_gate 计入承载量 是否计入承载量 首道 首道门票"),
    ),
    Kind.SESSIONS: (
        _field("venue", Shape.TEXT, _VENUE, needed=True),
        _field("product", Shape.TEXT, "product 产品 产品名称 票种 票型 product_code 产品代码", needed=True),
        _field(
            "date",
            Shape.DATE,
            "date 日期 游玩日期 预约日期 场次日期 开始日期 起始日期 on_date from_date",
            needed=True,
        ),
        _field("until", Shape.DATE, "until 结束日期 截止日期 终止日期 to_date"),
        _field("weekdays", Shape.TEXT, "weekdays 星期 周几 适用星期 开放星期 weekday"),
        _field("span", Shape.SPAN, "session 场次 时段 时间段 入园时段 预约时段"),
        _field("starts", Shape.TIME, "starts 开始 开始时间 起始时间 开场时间 发车时间 start"),
        _field("ends", Shape.TIME, "ends 结束 结束时间 截止时间 散场时间 end"),
        _field(
            "capacity", Shape.WHOLE, "capacity 容量 名额 库存 限额 最大承载量 总数 座位数 房量", needed=True
        ),
        _field("label", Shape.TEXT, "label 场次名称 时段名称"),
        _field("label_en", Shape.TEXT, "label_en 场次英文名"),
        _field("price", Shape.NUMBER, "price 价格 单价 售价 票价 房价"),
    ),
    Kind.CARDS: (
        _field(
            "card_no",
            Shape.KEY,
            "card_no 卡号 会员卡号 年卡卡号 卡编号 旅游卡号 cardno cardnumber",
            needed=True,
        ),
        _field("type", Shape.TEXT, "type 卡种 卡类型 卡类 卡型 年卡类型 card_type 会员类型"),
        _field("name", Shape.PERSON, "name 姓名 持卡人 持卡人姓名 会员姓名 会员 holder"),
        _field("document_type", Shape.TEXT, "document_type 证件类型 证件种类 证件类别"),
        _field(
            "document",
            Shape.DOCUMENT,
            "document 证件号 证件号码 身份证号 身份证 身份证号码 idcard id_number passport",
        ),
        _field("country", Shape.TEXT, "country 国籍 国家 国家地区 国籍地区 nationality"),
        _field("phone", Shape.PHONE, "phone 手机 手机号 手机号码 电话 联系电话 联系方式 mobile"),
        _field("valid_from", Shape.DATE, "valid_from 生效日期 开始日期 启用日期 有效期起 激活日期 起始日期"),
        _field(
            "valid_to", Shape.DATE, "valid_to 到期日期 截止日期 失效日期 有效期止 有效期至 结束日期 expires"
        ),
        _field("issued", Shape.DATE, "issued 办卡日期 发卡日期 售卡日期 开卡日期"),
        _field("state", Shape.TEXT, "state status 状态 卡状态 会员状态"),
        _field("companions", Shape.TEXT, "companions 同行人 副卡人 家庭成员 附属持卡人 同行人员"),
        _field("remaining", Shape.TEXT, "remaining 剩余次数 剩余 剩余权益 可用次数 余次"),
    ),
    Kind.BOOKINGS: (
        _field(
            "key",
            Shape.KEY,
            "key 订单号 预订号 预约号 预定号 订单编号 预订编号 单号 流水号 确认号 booking_no order_no reservation",
        ),
        _field("venue", Shape.TEXT, _VENUE),
        _field(
            "product",
            Shape.TEXT,
            "product 房型 产品 产品名称 票种 票型 门票 套餐 餐位 桌型 座位 线路 room_type roomtype",
        ),
        _field(
            "date",
            Shape.DATE,
            "date 入住日期 预约日期 游玩日期 到店日期 入园日期 使用日期 抵店日期 用餐日期 乘车日期 出行日期 arrival checkin",
            needed=True,
        ),
        _field("departure", Shape.DATE, "departure 离店日期 退房日期 checkout"),
        _field("nights", Shape.WHOLE, "nights 间夜 晚数 天数 入住天数 夜数"),
        _field("session", Shape.SPAN, "session 场次 时段 入园时段 预约时段 用餐时段 时间段 班次"),
        _field("starts", Shape.TIME, "starts 开始时间 起始时间 开场时间 发车时间 开车时间 用餐时间 start"),
        _field("ends", Shape.TIME, "ends 结束时间 截止时间 散场时间 end"),
        _field(
            "quantity", Shape.WHOLE, "quantity 间数 数量 张数 票数 人数 房间数 份数 桌数 座位数 位数 count"
        ),
        _field("status", Shape.TEXT, "status 状态 订单状态 预订状态 预约状态 核销状态"),
        _field("status_date", Shape.DATE, "status_date 更新时间 取消时间 变更时间 核销时间 状态时间 updated"),
        _field("booked", Shape.DATE, "booked 下单时间 预订时间 下单日期 创建时间 预约时间 booked_at created"),
        _field("total", Shape.NUMBER, "total 总价 金额 总金额 订单金额 实付金额 实付 应付金额 房费 amount"),
        _field("price", Shape.NUMBER, "price 单价 房价 票价"),
        _field("adults", Shape.WHOLE, "adults 成人 成人数 大人"),
        _field("children", Shape.WHOLE, "children 儿童 儿童数 小孩"),
        _field("babies", Shape.WHOLE, "babies 婴儿 婴儿数"),
        _field("name", Shape.PERSON, "name 姓名 游客姓名 入住人 客人姓名 联系人 预订人 游客 出行人 guest"),
        _field("document_type", Shape.TEXT, "document_type 证件类型 证件种类 证件类别"),
        _field("document", Shape.DOCUMENT, "document 证件号 证件号码 身份证号 身份证 idcard id_number"),
        _field("phone", Shape.PHONE, "phone 手机号 手机 手机号码 电话 联系电话 mobile"),
        _field("card_no", Shape.KEY, "card_no 卡号 年卡卡号 旅游卡号"),
        _field("country", Shape.TEXT, "country 国籍 国家 国家地区"),
        _field("note", Shape.TEXT, "note 备注 说明 remark"),
    ),
}


@cache
def known_names(kind: Kind | None = None) -> frozenset[str]:
    """Folded names of all columns of a kind, or of every kind."""
    kinds = Kind if kind is None else (kind,)
    return frozenset(fold_name(name) for one in kinds for field in FIELDS[one] for name in field.names)


def field_of(kind: Kind, name: str) -> Field | None:
    """The kind's field of that name."""
    return next((field for field in FIELDS[kind] if field.name == name), None)


def title_of(field: Field, tag: str) -> str:
    """What its column is called in a file that is written for readers of this language: a name that is recognised."""
    return (
        field.name
        if tag.startswith("en")
        else next((one for one in field.names if not one.isascii()), field.name)
    )
