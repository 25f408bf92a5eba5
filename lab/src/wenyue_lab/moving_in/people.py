"""Made-up people with documents that can be real: numbers with the right check, each once. Uses nothing of `wenyue`."""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Final

_SURNAMES: Final = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
_GIVEN: Final = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰飞鹏波辉红梅建国志文斌宇浩轩梓涵欣怡子晨"
_FIRST: Final = [
    "JAMES",
    "MARY",
    "JOHN",
    "ANNA",
    "DAVID",
    "SUSAN",
    "PETER",
    "LINDA",
    "PAUL",
    "EMMA",
    "MARK",
    "JULIA",
    "THOMAS",
    "LAURA",
]
_LAST: Final = [
    "SMITH",
    "JOHNSON",
    "BROWN",
    "MILLER",
    "DAVIS",
    "WILSON",
    "MOORE",
    "TAYLOR",
    "ANDERSON",
    "THOMPSON",
    "WHITE",
    "HARRIS",
    "CLARK",
]
_DIVISIONS: Final = [
    "110101",
    "110105",
    "310101",
    "310106",
    "330102",
    "330106",
    "440103",
    "440304",
    "510104",
    "510107",
    "420106",
    "610102",
]
_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS: Final = "10X98765432"
_FOREIGN: Final = 0.03
_PERMIT: Final = 0.05


@dataclass(frozen=True, slots=True)
class Made:
    """Somebody. `kind` and `country` as an office's list has them; `country` is empty for citizens."""

    name: str
    kind: str
    number: str
    country: str = ""
    phone: str = ""

    @property
    def is_known(self) -> bool:
        """The document says who it is: a passport does with its country."""
        return bool(self.number) and (self.kind != "护照" or bool(self.country))


def check_of(seventeen: str) -> str:
    """The last character of a resident's number (GB 11643-1999)."""
    return _CHECKS[sum(int(digit) * weight for digit, weight in zip(seventeen, _WEIGHTS, strict=True)) % 11]


def mistyped(number: str) -> str:
    """A resident's number with a check that is wrong, and in order otherwise."""
    return number[:17] + ("0" if number[17] != "0" else "1")


class People:
    """Draws people; no number twice."""

    def __init__(self, chance: Random) -> None:
        self._chance, self._numbers = chance, set[str]()

    def name(self) -> str:
        """A Chinese name."""
        given = "".join(self._chance.choices(_GIVEN, k=self._chance.choice((1, 2, 2))))
        return self._chance.choice(_SURNAMES) + given

    def phone(self) -> str:
        """A mobile number."""
        return f"1{self._chance.choice('3589')}{self._chance.randrange(10**9):09}"

    def resident(self) -> Made:
        """Somebody with a resident's identity card."""
        while True:
            birth = date(1950, 1, 1) + timedelta(days=self._chance.randrange(60 * 365))
            front = f"{self._chance.choice(_DIVISIONS)}{birth:%Y%m%d}{self._chance.randrange(1, 1000):03}"
            number = front + check_of(front)
            if self._is_new(number):
                return Made(self.name(), "身份证", number, phone=self.phone())

    def anybody(self) -> Made:
        """Mostly residents; some with permits of Hong Kong or Taiwan, some from abroad."""
        drawn = self._chance.random()
        if drawn < _FOREIGN:
            name = f"{self._chance.choice(_FIRST)} {self._chance.choice(_LAST)}"
            return Made(name, "护照", self._number("5", 8), "美国", self.phone())
        if drawn < _FOREIGN + _PERMIT / 2:
            return Made(self.name(), "港澳居民来往内地通行证", self._number("H", 8), phone=self.phone())
        if drawn < _FOREIGN + _PERMIT:
            return Made(self.name(), "台湾居民来往大陆通行证", self._number("0", 7), phone=self.phone())
        return self.resident()

    def _number(self, front: str, digits: int) -> str:
        while True:
            number = f"{front}{self._chance.randrange(10**digits):0{digits}}"
            if self._is_new(number):
                return number

    def _is_new(self, number: str) -> bool:
        is_new = number not in self._numbers
        self._numbers.add(number)
        return is_new
