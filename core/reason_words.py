"""Why a lead is where it is, in words: the one table of every code, in both languages, with what to do about it.

A text holds `{facts}` of its reason; the Russian one is what a marketer reads: short, no full stop, no jargon.
"""

from dataclasses import dataclass

Advice = tuple[str, str]  # English, Russian
MEND: Advice = (
    "Mend the fields of the source, see what changes, save; then recompute",
    "Поправьте поля источника, посмотрите, что изменится, сохраните и пересчитайте",
)
RULE: Advice = ("Nothing: a rule decided so", "Ничего: так решило правило")
ASIDE: Advice = (
    "Nothing: a rule decided so. Where the person asked for one more call, call all the same",
    "Ничего: так решило правило. Если человек сам просит ещё звонок, всё равно позвоните",
)
WAIT: Advice = ("Nothing: it goes on by itself", "Ничего: дальше само")
ROOM: Advice = (
    "Nothing: it rings when there is room. Or raise the cap and save; it is live within 2 s",
    "Ничего: позвоним, когда появится место. Или поднимите предел и сохраните: действует через 2 секунды",
)
DECIDE: Advice = (
    "Decide whether a call is still welcome: call all the same, or do not",
    "Решите, уместен ли ещё звонок: всё равно позвонить или не звонить",
)
DRY: Advice = (
    "Switch `dry_run` off in the source; then call the leads one by one that are still welcome",
    "Выключите пробный режим источника (dry_run); потом звоните лидам по одному, если звонок ещё уместен",
)
RESUME: Advice = ("Resume the calls when the cause is mended", "Возобновите звонки, когда причина устранена")
PROVIDER: Advice = (
    "Ask the provider; one call tries again by itself",
    "Спросите провайдера; один звонок попробует сам",
)
TOP_UP: Advice = (
    "Top up the balance or mend the key, then resume the account",
    "Пополните баланс или поправьте ключ, потом возобновите счёт",
)
CRM: Advice = (
    "Mend the access to the CRM, then ask again",
    "Поправьте доступ к CRM и спросите её снова",
)
LOOK: Advice = (
    "Look for the call in the provider's panel and mark what you saw: the machine never repeats it",
    "Посмотрите в кабинете провайдера и отметьте, что увидели: машина звонок не повторит",
)
REFUSED: Advice = (
    "Mend what the provider names, then call again; or do not call",
    "Устраните то, что назвал провайдер, и позвоните снова; или не звоните",
)


@dataclass(frozen=True)
class Said:
    advice: Advice
    ru: str
    en: str


# fmt: off
TABLE: dict[str, Said] = {
    # core/mapping.py
    "not_a_lead": Said(RULE, "Не лид: условие lead_when не выполнено ({when})",
        "Not a lead by this source's `lead_when`: {when}"),
    "unreadable": Said(MEND, "Пришло то, что не прочитать; байты сохранены",
        "What arrived could not be read; its bytes are kept"),
    "no_number": Said(MEND, "Телефона нет в полях: {fields}",
        "No phone: none of these fields is there and filled in: {fields}"),
    "number_unsigned": Said(MEND, "`{field}` не подписано: его мог вписать кто угодно",
        "`{field}` came, but outside of what the sender signs, so anybody may have written it"),
    "no_script_rule": Said(MEND, "Не подошло ни одно правило сценария",
        "None of the {rules} rules of `mapping.script` fits this lead, and there is no `default`"),
    "no_script_named": Said(MEND, "Форма не назвала сценарий в поле {field}",
        "The form named no script in `{field}`, and there is no `default`"),
    "script_not_allowed": Said(MEND, "Сценария «{script}» нет среди разрешённых",
        "The form asked for the script `{script}`, which is not among those allowed: {allowed}"),
    "sms_too_long": Said(MEND, "SMS длиннее разрешённого: частей {segments} из {allowed}",
        "The SMS would be {segments} messages long ({characters} characters), allowed are {allowed}"),
    "expression_failed": Said(MEND, "Выражение {expression} не подошло к тому, что пришло",
        "`{expression}` in `{where}` does not fit what arrived ({why}), so it counted as no match"),
    # core/policy.py
    "test": Said(RULE, "Проверка формы, а не человек", "A test of the form (`test_when`), not a person"),
    "dry_run": Said(DRY, "Пробный режим источника: всё решено, но не звоним",
        "The source is in a dry run (`dry_run: true`): all was decided, and nobody was rung"),
    "do_not_call": Said(RULE, "Номер в списке «Не звонить»", "The number is on the do-not-call list"),
    "rule": Said(RULE, "Правило {rule} не пускает номер: {found}, можно {allowed}",
        "The policy's `{rule}` does not allow this number: it is {found}, allowed are {allowed}"),
    "never_prefix": Said(RULE, "На такие номера не звоним никогда: {found}",
        "The number is in a range that is never rung (`never_prefixes`): {found}"),
    "too_old": Said(DECIDE, "Ждал больше {limit}, звонок может быть некстати",
        "Too old to be welcome: it waited longer than {limit} (`{rule}`)"),
    "called_recently": Said(ASIDE, "На этот номер звонили {at}, лид № {no}",
        "This number was called less than {window} ago, on {at}, for lead {no}"),
    "quiet_hours": Said(WAIT, "Тихие часы, позвоним в {opens}",
        "Waits for the calling hours; they begin {opens} ({zone})"),
    "number_busy": Said(WAIT, "Ждёт: на этот номер сейчас звонят", "Waits until another call to this number has ended"),
    "number_cap": Said(ROOM, "Ждёт до {at}: номеру звонили {limit} раз; поднять {line}",
        "Waits until {at}: the number was called {limit} times in 24 hours; to ring sooner, raise {line}"),
    # core/account/caps.py
    "cap": Said(ROOM, "Ждёт до {at}: исчерпан {cap} ({limit}); поднять {line}",
        "Waits until {at}, when earlier calls leave {whose} `{cap}` ({limit}); to ring sooner, raise {line}"),
    # core/account/trouble.py
    "paused": Said(RESUME, "Ждёт: счёт «{account}» на паузе",
        "Waits because the voice account `{account}` is paused; see `flask leads list`"),
    "script_paused": Said(RESUME, "Ждёт: сценарий «{script}» на паузе",
        "Waits because the script `{script}` is paused; see `flask leads list`"),
    "no_answers": Said(PROVIDER, "10 из последних 20 звонков без надёжного ответа",
        "10 of the last 20 calls had no trustworthy answer"),
    "provider_unreachable": Said(PROVIDER, "Провайдер недоступен несколько раз подряд",
        "the provider could not be reached several times in a row"),
    "provider_status": Said(PROVIDER, "Провайдер отказывает целиком, судя по HTTP-статусу",
        "the provider's answer refuses us as a whole (its HTTP status says so)"),
    "other_number": Said(PROVIDER, "В ответе провайдера не тот номер, который просили",
        "the provider's answer named another number than the one that was asked for"),
    "account_error": Said(TOP_UP, "Отказ касается всех звонков: деньги, ключ или доступ",
        "the provider refused a call for a cause that would refuse them all (money, key or access)"),
    "script_refused": Said(PROVIDER, "Отказы по 5 разным номерам подряд с этим сценарием",
        "the provider refused 5 different numbers in a row with this script"),
    "paused_by_person": Said(RESUME, "Паузу поставил человек", "a person paused it"),
    # flow/enrich.py
    "waits_for_crm": Said(WAIT, "Пришёл только номер записи, телефон спрашиваем у CRM",
        "Waits for the CRM: only an id was posted, and the phone has to be asked for"),
    "crm_no_answer": Said(CRM, "CRM не ответила за {limit}",
        "The CRM gave no answer while the lead was young enough to be welcome ({limit}, `{rule}`)"),
    "crm_no_phone": Said(CRM, "CRM так и не узнала телефона за {limit}",
        "The CRM knew no phone for this lead, however often it was asked ({limit}, `{rule}`)"),
    "crm_odd_id": Said(MEND, "В поле {field} не номер записи, CRM не спрашивали",
        "What stands in `{field}` cannot be an id, so the CRM was not asked for it"),
    "crm_knows_no_phone": Said(WAIT, "CRM ответила, но телефона пока не знает",
        "The CRM answered, but knows no phone for this lead yet"),
    "crm_busy": Said(WAIT, "CRM просит зайти позже (HTTP {status})",
        "The CRM asks us to come back later (HTTP {status})"),
    "crm_token": Said(CRM, "CRM не принимает токен (HTTP {status})",
        "The CRM does not accept the token that `fetch.token` names (HTTP {status})"),
    "crm_no_token": Said(CRM, "Токен CRM не задан или непригоден: {how}",
        "`fetch.token` names a secret that is not set, or one that cannot be sent: {how}"),
    "crm_silent": Said(CRM, "До CRM не достучаться ({how})",
        "The CRM cannot be reached or gives no whole answer ({how})"),
    "crm_odd": Said(CRM, "Ответ CRM нельзя понять ({how})",
        "The CRM answered with something that is no answer ({how}, HTTP {status})"),
    # core/proofs/authentic.py
    "late_signature": Said(DECIDE, "Подпись верна, но поставлена слишком давно",
        "Signed by the sender, but too long ago to be taken for new"),
    "signature_seen": Said(DECIDE, "Те же подписанные байты уже приходили для лида {no}",
        "The same signed bytes came before, for lead {no}: somebody has sent them again"),
    # What a delivery's bytes are not (core/reading/body.py).
    "body_not_json": Said(MEND, "Похоже на JSON, но обрывается или с ошибкой",
        "What arrived begins like JSON but breaks off or is written wrong, so nothing in it can be read"),
    "body_duplicate_keys": Said(MEND, "Одно поле названо дважды с разными значениями",
        "What arrived names one field twice with two different values, so neither can be trusted"),
    "body_too_deep": Said(MEND, "Вложено глубже 32 уровней: формы так не шлют",
        "What arrived is nested more than 32 levels deep; no form or CRM sends that"),
    "body_too_many_fields": Said(MEND, "Больше 1000 полей: формы так не шлют",
        "What arrived has more than 1,000 fields (or very long field names); no form sends that"),
    "body_too_many_values": Said(MEND, "Больше 5000 значений: формы так не шлют",
        "What arrived holds more than 5,000 values; no form or CRM sends that for leads"),
    "body_bad_multipart": Said(MEND, "Форма multipart, части которой не разделить",
        "What arrived calls itself a multipart form, but its parts cannot be told from one another"),
    "body_is_xml": Said(MEND, "Пришёл XML, а источник его не ждёт",
        "What arrived is XML, which this source does not expect (`format: xml` under `body` would allow it)"),
    "body_not_xml": Said(MEND, "XML не целый или с сущностями",
        "What arrived is not whole XML, or uses entities, which are refused for safety"),
    "body_not_object": Said(MEND, "Пришло одно значение, а не набор полей",
        "What arrived is a single value, not a set of named fields"),
    "body_not_data": Said(MEND, "Ни JSON, ни форма: полей не найти",
        "What arrived is neither JSON nor a form, so no field can be found in it"),
    # What a number's field holds instead of a number (core/numbers/phone.py).
    "number_missing": Said(MEND, "Поле с телефоном пусто", "The phone field is empty"),
    "number_not_text": Said(MEND, "В поле телефона не номер, а группа полей",
        "The phone field holds a group of other fields instead of a number"),
    "number_too_long": Said(MEND, "Слишком длинный текст для номера",
        "The phone field holds a text too long for a number"),
    "number_not_filled_in": Said(MEND, "Вместо номера имя поля, как {{phone}}",
        "The sender left the name of a field (like {{phone}}) where the number should stand"),
    "number_is_text": Said(MEND, "Вместо номера ник, адрес или слово",
        "The phone field holds a nickname, an address or a word instead of a number"),
    "number_is_decimal": Said(MEND, "Номер пришёл дробью, его концу нельзя верить",
        "The number came as a decimal fraction (like 79990000001.0), so its end cannot be trusted"),
    "number_is_one_digit": Said(MEND, "Одна цифра подряд: так пишут, когда номера нет",
        "The number is one digit repeated; people and tests write that when there is no number"),
    "number_with_letters": Said(MEND, "В номере буквы или знаки вместо цифр",
        "The phone field holds letters or characters where a number must have digits"),
    "number_with_extension": Said(MEND, "Номер с добавочным, его не набрать",
        "The number has an extension, which a call cannot dial"),
    "number_malformed": Said(MEND, "«+» посреди номера: это не один номер",
        "The phone field holds a `+` in the middle, so it is not one number"),
    "number_without_country": Said(MEND, "Нет кода страны, и источник её не называет",
        "The number has no country code, and the source does not say which country to read it in"),
    "number_not_valid": Said(MEND, "Такого номера не бывает: не то число цифр или код",
        "There is no such phone number: too few or too many digits, or a code that does not exist"),
    # A number that a person gives (flow/numbers.py).
    "number_not_alone": Said(MEND, "Там не один номер, или номер и другой текст",
        "There is more than one number in it, or a number and other text"),
    "number_of_several_countries": Said(MEND, "Номер есть в {count} странах: напишите с + и кодом",
        "It is a number of {count} countries; write it with + and the country's code"),
    # What became of a call (core/outcome.py; the code is the lead's `reason`).
    "retry": Said(WAIT, "Ещё не отправлено: провайдер недоступен, повторим",
        "Nothing was sent yet, because the provider could not be reached; it is tried again by itself"),
    "no_answer": Said(LOOK, "Отправлено, ответа вовремя нет; могли позвонить",
        "The call was sent and no answer came in time, so it may have rung"),
    "reset": Said(LOOK, "Связь оборвалась после отправки; могли позвонить",
        "The connection broke after the call was sent, so it may have rung"),
    "closed": Said(LOOK, "Провайдер закрыл связь без ответа; могли позвонить",
        "The provider closed the connection without a whole answer, so it may have rung"),
    "http_status": Said(LOOK, "HTTP-статус ничего не доказывает; могли позвонить",
        "The provider's answer had an HTTP status that proves nothing, so it may have rung"),
    "odd_reply": Said(LOOK, "Ответ нельзя понять; могли позвонить",
        "The provider's answer could not be understood, so it may have rung"),
    "owner_gone": Said(LOOK, "Наш процесс прервался при отправке; могли позвонить",
        "The worker that sent this call ended before it could tell, so it may have rung"),
    "store_went_back": Said(LOOK, "Базу вернули назад после звонка; могли позвонить",
        "The database was set back after this call was sent, so it may have rung"),
    # flow
    "provider_refused": Said(REFUSED, "Провайдер: «{said}»", "The provider refused the call: {said}"),
    "may_have_rung": Said(LOOK, "Могли позвонить до замены базы",
        "It may have been called before the database was replaced; look in the provider's panel"),
    "source_off": Said(DECIDE, "Источник выключен или удалён", "The source is switched off or was removed"),
    "no_account": Said(MEND, "Счёта «{account}» нет в настройках",
        "The source names the voice account `{account}`, which is not set up"),
    "mapping_error": Said(MEND, "Наша ошибка при разборе, она в журнале",
        "A mistake of ours while mapping; it is in the log. Use remap once it is mended"),
    "same_id_other_number": Said(DECIDE, "Номер заявки как у лида {no}, а телефон другой",
        "It came under the id of lead {no} but with another number, so it may be another person"),
}
# fmt: on
