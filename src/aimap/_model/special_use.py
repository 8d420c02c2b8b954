r"""What mailboxes are for (:rfc:`6154`), and how such mailboxes are called.

Where no server says so, a name tells: those that mail programs and servers give such
mailboxes in the languages that are most in use. Names are compared without case, and by
their last level only.
"""

from __future__ import annotations

from enum import StrEnum
from typing import final
from unicodedata import normalize


@final
class SpecialUse(StrEnum):
    r"""What a mailbox is for: an attribute of LIST, and what CREATE takes.

    A member is the attribute itself: ``SpecialUse.SENT == "\\Sent"``.
    """

    ALL = "\\All"
    """All messages (:rfc:`6154#section-2`)."""
    ARCHIVE = "\\Archive"
    """What is kept (:rfc:`6154#section-2`)."""
    DRAFTS = "\\Drafts"
    """What is being written (:rfc:`6154#section-2`)."""
    FLAGGED = "\\Flagged"
    """Messages that are flagged (:rfc:`6154#section-2`)."""
    IMPORTANT = "\\Important"
    """Messages that seem to be important (:rfc:`8457#section-3`)."""
    JUNK = "\\Junk"
    """What seems to be unwanted (:rfc:`6154#section-2`)."""
    SENT = "\\Sent"
    """What was sent (:rfc:`6154#section-2`)."""
    TRASH = "\\Trash"
    """What was deleted, or is about to be (:rfc:`6154#section-2`)."""


_NAMES = {
    SpecialUse.ARCHIVE: """
        archive, archives, archiv, archiv-ordner, archivo, archivos, archivio, archivierte,
        arquivo, arquivos, archief, arkiv, arkisto, archiwum, archív, archívum, arhiv, arhiva,
        arhīvs, arhiiv, archyvas, архив, архів, αρχείο, αρχειοθήκη, arşiv, ארכיון, أرشيف,
        الأرشيف, アーカイブ, 归档, 存档, 封存, 보관함, lưu trữ, arsip, arxiu, artxiboa,
        skjalasafn
    """,
    SpecialUse.DRAFTS: """
        drafts, draft, draft messages, entwürfe, entwurf, brouillons, brouillon, borradores,
        borrador, bozze, rascunhos, rascunho, concepten, klad, utkast, kladder, kladde,
        luonnokset, szkice, wersje robocze, kopie robocze, koncepty, rozepsané, rozpísané,
        piszkozatok, vázlatok, ciorne, schițe, черновики, чернетки, чернови, πρόχειρα,
        taslaklar, טיוטות, مسودات, المسودات, 下書き, 草稿, 草稿箱, 草稿匣, 임시보관함,
        임시 보관함, thư nháp, bản nháp, draf, konsep, esborranys, zirriborroak, borradors,
        mustandid, melnraksti, juodraščiai, osnutki, skice, nacrti, drög, แบบร่าง
    """,
    SpecialUse.JUNK: """
        junk, spam, junk e-mail, junk email, junk mail, bulk mail, bulk, unwanted, spamverdacht,
        unerwünscht, junk-e-mail, spam-verdacht, pourriel, courrier indésirable, indésirables,
        indésirable, correo no deseado, correo basura, no deseado, posta indesiderata,
        indesiderata, lixo eletrônico, lixo eletrónico, lixo electrónico,
        correio eletrônico não solicitado, ongewenste e-mail, ongewenst, skräppost, skräp,
        uønsket e-post, søppelpost, uønsket mail, uønsket, roskaposti, wiadomości-śmieci,
        wiadomości śmieci, niechciane, nevyžádaná pošta, nevyžádané, nevyžiadaná pošta,
        levélszemét, spamuri, mesaje nedorite, спам, нежелательная почта, небажана пошта,
        нежелана поща, ανεπιθύμητη αλληλογραφία, ανεπιθύμητα, önemsiz, istenmeyen,
        önemsiz e-posta, דואר זבל, זבל, بريد مزعج, البريد غير الهام, 迷惑メール, 垃圾邮件,
        垃圾郵件, 垃圾箱, 정크 메일, 스팸메일함, 스팸, thư rác, sampah massal, correu brossa,
        zabor-posta, rämpspost, mēstules, brukalas, neželena pošta, neželjena pošta, ruslpóstur,
        จดหมายขยะ
    """,
    SpecialUse.SENT: """
        sent, sent items, sent messages, sent mail, sent-mail, gesendet, gesendete elemente,
        gesendete objekte, gesendete nachrichten, gesendete, envoyés, éléments envoyés,
        messages envoyés, objets envoyés, courrier envoyé, enviados, elementos enviados,
        mensajes enviados, correo enviado, posta inviata, inviata, inviati, elementi inviati,
        messaggi inviati, itens enviados, mensagens enviadas, verzonden, verzonden items,
        verzonden berichten, skickat, skickade, skickade objekt, skickade meddelanden, sendt,
        sendte elementer, sendt post, sendte, sendte beskeder, lähetetyt, lähetetyt viestit,
        wysłane, elementy wysłane, wiadomości wysłane, odeslané, odeslaná pošta, odoslané,
        odoslaná pošta, elküldött, elküldött elemek, elküldött üzenetek, trimise,
        elemente trimise, mesaje trimise, отправленные, надіслані, відправлені, изпратени,
        απεσταλμένα, gönderilenler, gönderilmiş, gönderilmiş öğeler, נשלחו, דואר שנשלח,
        פריטים שנשלחו, المرسل, العناصر المرسلة, رسائل مرسلة, 送信済み, 送信済みアイテム,
        送信済みトレイ, 送信済みメール, 已发送, 已发送邮件, 已发邮件, 寄件備份, 已傳送,
        已傳送的郵件, 보낸 편지함, 보낸편지함, 보낸메일함, đã gửi, thư đã gửi, terkirim,
        enviats, bidalita, bidaliak, saadetud, nosūtītie, išsiųsta, išsiųsti, poslano, poslane,
        sent póstur, ส่งแล้ว
    """,
    SpecialUse.TRASH: """
        trash, deleted, deleted items, deleted messages, bin, wastebasket, papierkorb, gelöscht,
        gelöschte elemente, gelöschte objekte, gelöschte, corbeille, éléments supprimés,
        messages supprimés, supprimés, papelera, elementos eliminados, eliminados, cestino,
        posta eliminata, elementi eliminati, eliminati, lixeira, lixo, itens excluídos,
        itens eliminados, prullenbak, prullenmand, verwijderde items, verwijderd, papperskorg,
        papperskorgen, borttaget, borttagna objekt, papirkurv, slettet post, slettede elementer,
        slettet, roskakori, poistetut, poistetut viestit, kosz, elementy usunięte, usunięte,
        koš, odstraněná pošta, kôš, odstránené, kuka, lomtár, törölt elemek, coș de gunoi, coș,
        elemente șterse, корзина, удаленные, удалённые, кошик, видалені, кошче, изтрити,
        κάδος απορριμμάτων, κάδος, διαγραμμένα, çöp kutusu, çöp, silinmiş öğeler, silinmiş,
        אשפה, פריטים שנמחקו, المهملات, سلة المهملات, العناصر المحذوفة, ゴミ箱, ごみ箱, 削除済み,
        削除済みアイテム, 已删除, 已删除邮件, 废件箱, 已刪除的郵件, 垃圾桶, 휴지통, 지운 편지함,
        지운편지함, thùng rác, đã xóa, sampah, tong sampah, paperera, zaborrontzia, prügikast,
        miskaste, atkritne, šiukšliadėžė, šiukšlinė, smeti, smeće, otpad, ruslakista, rusl,
        ถังขยะ
    """,
}  # fmt: skip
_USES = {
    normalize("NFC", " ".join(name.split())).casefold(): use
    for use, names in _NAMES.items()
    for name in names.split(",")
}
_OF_XLIST = {
    "\\allmail": SpecialUse.ALL,
    "\\spam": SpecialUse.JUNK,
    "\\starred": SpecialUse.FLAGGED,
}


def use_by_name(level: str) -> SpecialUse | None:
    """Tell what a mailbox is for by the last level of its name, as far as that tells it."""
    return _USES.get(normalize("NFC", level).casefold())


def use_by_attribute(attribute: str) -> SpecialUse | None:
    """Tell what an attribute of LIST, or of XLIST, says that a mailbox is for."""
    word = attribute.lower()
    if word in _OF_XLIST:
        return _OF_XLIST[word]
    return next((use for use in SpecialUse if use.lower() == word), None)
