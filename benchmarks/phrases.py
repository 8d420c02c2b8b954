"""What the response sets are written with: words of several languages, and their charsets."""

# Words in a row read better than words in quotes.
# ruff: noqa: SIM905

from __future__ import annotations

ASCII = (
    "account agenda again amount annual answer april archive backup board branch budget build "
    "calendar call changes chapter client conference confirm contract copy customer daily data "
    "deadline delivery design details digest discount draft event failed feedback figures final "
    "flight fix forecast hotel idea invitation invoice issue join june kernel launch lease list "
    "login lunch mail march meeting merge minutes monthly move network news note notice number "
    "offer office open order package parser password patch payment photos plan please policy "
    "price project proposal question quote receipt release reminder report request reset review "
    "sales schedule security server shipped sign slides status summary support survey system "
    "team test thanks ticket today training travel update upgrade urgent version visit weekly"
).split()

LATIN_1 = (
    "Änderung größer Müller Übersicht Straße schöne Grüße für Rücksendung bestätigt "
    "réunion février déjà Noël envoyé à été forêt garçon señor mañana reunión factura "
    "año información açúcar coração relatório não está"
).split()
LATIN_2 = "zażółć gęślą jaźń zamówienie płatność čeština příliš žluťoučký kůň úpěl".split()
GREEK = "καλημέρα συνάντηση τιμολόγιο παραγγελία αύριο σχέδιο".split()
CYRILLIC = "встреча отчёт договор счёт оплата завтра проект обновление срочно письмо".split()
JAPANESE = "会議 資料 ご確認 お願い 注文 請求書 明日 予定 連絡 変更 ありがとう 更新".split()
SIMPLIFIED = "会议 发票 订单 确认 项目 更新 通知 明天 报告 付款 合同 邮件".split()
TRADITIONAL = "會議 發票 訂單 確認 專案 更新 通知 明天 報告 付款 合約 郵件".split()
KOREAN = "회의 일정 견적서 주문 확인 내일 보고서 결제 안내 감사합니다".split()
PICTURES = "🎉 📦 ✈️ ✅ 🚀 🔔 ☕ 📅 🙂 ❤️".split()

UNIVERSAL = (LATIN_1, LATIN_2, GREEK, CYRILLIC, JAPANESE, SIMPLIFIED, KOREAN, PICTURES)

CHARSETS: tuple[tuple[str, str, tuple[list[str], ...], int, float], ...] = (
    # name as senders write it, Python's codec, words, how often, how often in base64
    ("UTF-8", "utf-8", UNIVERSAL, 40, 0.6),
    ("utf-8", "utf-8", UNIVERSAL, 25, 0.5),
    ("iso-8859-1", "latin-1", (LATIN_1,), 12, 0.1),
    ("ISO-8859-15", "iso8859-15", (LATIN_1,), 2, 0.1),
    ("Windows-1252", "cp1252", (LATIN_1,), 6, 0.3),
    ("iso-8859-2", "iso8859-2", (LATIN_2,), 2, 0.3),
    ("iso-8859-7", "iso8859-7", (GREEK,), 1, 0.8),
    ("koi8-r", "koi8-r", (CYRILLIC,), 2, 0.8),
    ("windows-1251", "cp1251", (CYRILLIC,), 3, 0.8),
    ("ISO-2022-JP", "iso2022-jp", (JAPANESE,), 3, 1.0),
    ("gb2312", "gb2312", (SIMPLIFIED,), 2, 0.95),
    ("big5", "big5", (TRADITIONAL,), 1, 0.95),
    ("euc-kr", "euc-kr", (KOREAN,), 1, 0.9),
)

GIVEN = (
    "Ada Alan Anna Ben Carla Chen Dana David Elena Emma Felix Grace Hana Igor Ines Jack Jane "
    "Joe Julia Karl Lena Liam Maria Max Mia Nina Noah Olga Omar Paul Petra Ravi Rosa Sam Sara "
    "Tom Uma Vera Will Yuki Zoe"
).split()
FAMILY = (
    "Adams Baker Brown Clark Cruz Diaz Evans Fischer Garcia Hill Ivanov Jones Kim Lee Lopez "
    "Martin Meyer Nguyen Novak Olsen Patel Rossi Sato Schmidt Silva Smith Tan Vogel Wang Young"
).split()
DOMAINS = (
    "example.com example.org example.net mail.example.com lists.example.org corp.example.net "
    "example.co.uk uni.example.edu news.example.info shop.example.biz"
).split()
