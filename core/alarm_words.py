"""Alarms in words, for pages and messages: what is the matter, and what to do. Russian and English, pure."""

LANGUAGES = ("en", "ru")
# kind -> language -> (what is the matter, what to do)
WORDS: dict[str, dict[str, tuple[str, str]]] = {
    "no_watch": {
        "en": ("Nobody watches: no alarm is raised or told", "Start it: flask watch"),
        "ru": ("Никто не следит: тревоги не поднимаются и не приходят", "Запустите: flask watch"),
    },
    "no_worker": {
        "en": (
            "No worker can ring: nobody is being called",
            "Start one: flask worker. Where one runs, its dispatch journal cannot be written",
        ),
        "ru": (
            "Ни один обработчик не может звонить: никому не звоним",
            "Запустите его: flask worker. Если он работает, значит, не пишется его журнал звонков",
        ),
    },
    "database_changed": {
        "en": (
            "The database is not the one the workers knew: calls wait",
            "It was restored, cloned or failed over. The workers compare their journals and go on by themselves",
        ),
        "ru": (
            "База не та, которую знали обработчики: звонки ждут",
            "Её восстановили, скопировали или переключили. Обработчики сверят журналы и продолжат сами",
        ),
    },
    "database_away": {
        "en": ("The database cannot be reached: no lead is stored", "See whether it runs and has room"),
        "ru": ("База недоступна: лиды не сохраняются", "Проверьте, работает ли она и есть ли место"),
    },
    "not_stored": {
        "en": (
            "Requests could not be stored and were answered 503",
            "See whether the database has room and answers; fetch what a sender that never tries again has lost",
        ),
        "ru": (
            "Запросы не сохранились, ответ был 503",
            "Проверьте место и работу базы; у отправителя, который не повторяет, лиды надо забрать вручную",
        ),
    },
    "web_silent": {
        "en": (
            "PUBLIC_URL does not lead to this gateway",
            "Open it from another network: DNS, certificate, proxy, web process",
        ),
        "ru": (
            "PUBLIC_URL не ведёт к этому шлюзу",
            "Откройте его из другой сети: DNS, сертификат, прокси, веб-процесс",
        ),
    },
    "journal_unwritable": {
        "en": ("The dispatch journal cannot be written", "Make room on its disk, or let the worker write into RUN_DIR"),
        "ru": (
            "Журнал звонков не пишется",
            "Освободите диск или дайте воркеру писать в RUN_DIR: без журнала он не звонит",
        ),
    },
    "disk_low": {
        "en": ("The disk is nearly full", "Make room: when it is full no lead is stored"),
        "ru": ("Диск почти полон", "Освободите место: на полном диске лиды не сохраняются"),
    },
    "wal_large": {
        "en": ("The database's WAL file grows", "End what reads without an end: a backup tool, an open sqlite3"),
        "ru": ("Файл WAL базы растёт", "Завершите то, что читает без конца: копирование, открытый sqlite3"),
    },
    "leads_waiting": {
        "en": ("Leads are due and still wait", "See whether workers run and keep up"),
        "ru": ("Лидам пора звонить, а они ждут", "Проверьте, работают ли обработчики и успевают ли"),
    },
    "calls_stuck": {
        "en": ("Calls are past their deadline and nobody settles them", "Start the worker again, look into its log"),
        "ru": ("Срок звонков прошёл, а их исход никто не записал", "Перезапустите обработчик, посмотрите его журнал"),
    },
    "paused": {
        "en": ("Calls are paused", "See why, then resume"),
        "ru": ("Звонки на паузе", "Посмотрите почему, затем снимите паузу"),
    },
    "crm_silent": {
        "en": ("A CRM does not answer: leads wait for what they lack", "See its token and address: flask leads show"),
        "ru": ("CRM не отвечает: лидам не хватает данных, они ждут", "Проверьте её токен и адрес: flask leads show"),
    },
    "calls_unsent": {
        "en": (
            "Calls are given up before they are sent",
            "Look into the worker's log: the machine is too slow, or its database too far",
        ),
        "ru": (
            "Звонки отменяются до отправки",
            "Посмотрите журнал обработчика: машина слишком медленная или база слишком далеко",
        ),
    },
    "slow": {
        "en": (
            "Calls come too late after their leads",
            "See whether workers keep up and the pace and slots are enough",
        ),
        "ru": ("Звонки опаздывают", "Проверьте, успевают ли обработчики, хватает ли темпа и линий"),
    },
    "cap_reached": {
        "en": ("A cap is reached: leads wait for room", "See what is used, raise it or wait"),
        "ru": ("Лимит исчерпан: лиды ждут", "Посмотрите расход, поднимите лимит или подождите"),
    },
    "cap_near": {
        "en": ("80 % of a cap is used", "See what is used; raise it before leads wait"),
        "ru": ("Израсходовано 80 % лимита", "Посмотрите, сколько израсходовано; поднимите, пока лиды не ждут"),
    },
    "unknown_calls": {
        "en": ("Calls of unknown outcome", "Look in the provider's panel, then decide"),
        "ru": ("Звонки с неизвестным исходом", "Посмотрите в кабинете провайдера, затем решите"),
    },
    "refused_proofs": {
        "en": (
            "Requests without a right proof",
            "A mistyped token loses leads: check the source's address in the form or CRM",
        ),
        "ru": (
            "Запросы без верного подтверждения",
            "Из-за опечатки в токене теряются лиды: проверьте адрес источника в форме или CRM",
        ),
    },
    "turned_away": {
        "en": (
            "Requests were refused unread",
            "Cut short, too large or compressed: see sender and proxy",
        ),
        "ru": (
            "Запросы отклонены непрочитанными",
            "Обрезаны, велики или сжаты: проверьте отправителя и прокси",
        ),
    },
    "house_silent": {
        "en": (
            "No lead comes from any source; so many should have come",
            "Send a lead by hand; see the site, PUBLIC_URL, the proxy and its certificate",
        ),
        "ru": (
            "Лиды не приходят ниоткуда; столько уже должно было прийти",
            "Отправьте заявку сами; проверьте сайт, PUBLIC_URL, прокси и сертификат",
        ),
    },
    "source_silent": {
        "en": (
            "A source is silent; so many leads should have come",
            "Send a lead by its form; see the form, the sender's log and the hook's address",
        ),
        "ru": (
            "Источник молчит; столько лидов уже должно было прийти",
            "Отправьте заявку через форму; проверьте форму, журнал отправителя и адрес вебхука",
        ),
    },
    "held_rising": {
        "en": (
            "Many of the newest leads are held",
            "See the reasons: a field of the form may have a new name",
        ),
        "ru": (
            "Много новых лидов придержано",
            "Посмотрите причины: возможно, поле формы переименовали",
        ),
    },
    "other_person": {
        "en": ("One id came with two different numbers", "Decide on the lead; see whether visitors can choose the id"),
        "ru": ("Один номер заявки, а телефоны разные", "Решите по лиду; проверьте, не задаёт ли номер сам посетитель"),
    },
    "held_long": {
        "en": ("Held leads wait for more than an hour", "Decide on them: the longer, the less welcome a call is"),
        "ru": ("Задержанные лиды ждут больше часа", "Решите по ним: чем позже, тем меньше рады звонку"),
    },
    "broken_files": {
        "en": ("Source files with mistakes; the version in force stays", "See which file and which line"),
        "ru": ("Ошибки в файлах источников; действующая версия осталась", "Посмотрите, какой файл и какая строка"),
    },
    "broken_accounts": {
        "en": (
            "Account files with mistakes: their leads wait or are held",
            "Mend the file, start everything again",
        ),
        "ru": ("Ошибки в файлах аккаунтов: их лиды ждут или придержаны", "Поправьте файл и перезапустите всё"),
    },
    "broken_sources": {
        "en": ("Versions of sources that cannot be read here", "This machine runs an older release"),
        "ru": ("Версии источников, которые здесь не читаются", "На этой машине более старый выпуск"),
    },
    "clock_off": {
        "en": ("A machine's clock is wrong", "Switch time synchronisation on (timedatectl)"),
        "ru": ("Часы машины неверны", "Включите синхронизацию времени (timedatectl)"),
    },
    "certificate_ends": {
        "en": (
            "The certificate of PUBLIC_URL ends soon",
            "Renew it (certbot renew) and see why that did not happen by itself",
        ),
        "ru": (
            "Сертификат PUBLIC_URL скоро кончится",
            "Продлите его (certbot renew) и узнайте, почему не продлился сам",
        ),
    },
    "backup_old": {
        "en": ("There is no fresh backup", "Run flask backup and see whether its timer is on"),
        "ru": ("Нет свежей резервной копии", "Выполните flask backup и проверьте её таймер"),
    },
    "drill_failed": {
        "en": ("The last backup was not proven good", "Run flask restore --check"),
        "ru": ("Резервная копия не проверена", "Выполните flask restore --check"),
    },
    "channel_dead": {
        "en": ("Alarms do not get out by a channel", "Try it: flask alarms test"),
        "ru": ("Тревоги не доходят по каналу", "Проверьте: flask alarms test"),
    },
}


def of(kind: str, language: str) -> tuple[str, str]:
    """(what is the matter, what to do); empty where nobody has written them."""
    return WORDS.get(kind, {}).get(language if language in LANGUAGES else "en", ("", ""))
