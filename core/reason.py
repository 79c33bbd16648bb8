"""A reason is a code with its facts; its words are made from them, in the reader's language."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Reason:
    """Why a lead is where it is. `params` holds what the words need; numbers in it are masked."""

    code: str
    params: dict[str, Any] = field(default_factory=dict)


WORDS: dict[str, str] = {
    # core/mapping.py
    "not_a_lead": "Not a lead by this source's `lead_when`: {when}",
    "unreadable": "What arrived could not be read; its bytes are kept",
    "no_number": "No phone: none of these fields is there and filled in: {fields}",
    "no_script_rule": "None of the {rules} rules of `mapping.script` fits this lead, and there is no `default`",
    "no_script_named": "The form named no script in `{field}`, and there is no `default`",
    "script_not_allowed": "The form asked for the script `{script}`, which is not among those allowed: {allowed}",
    "sms_too_long": "The SMS would be {segments} messages long ({characters} characters), allowed are {allowed}",
    "expression_failed": "`{expression}` in `{where}` does not fit what arrived ({why}), so it counted as no match",
    # core/policy.py
    "test": "A test of the form (`test_when`), not a person",
    "do_not_call": "The number is on the do-not-call list",
    "rule": "The policy's `{rule}` does not allow this number: it is {found}, allowed are {allowed}",
    "never_prefix": "The number is in a range that is never rung (`never_prefixes`): {found}",
    "too_old": "Too old to be welcome: it waited longer than {limit} (`{rule}`)",
    "called_recently": "This number was called less than {window} ago, on {at}, for lead {no}",
    "quiet_hours": "Waits for the calling hours; they begin {opens} ({zone})",
    "number_busy": "Waits until another call to this number has ended",
    "number_cap": "Waits until {at}: the number was called {limit} times in 24 hours (`calls_per_number_per_day`)",
    # core/account/caps.py
    "cap": "Waits because {whose} `{cap}` ({limit}) is reached; earlier calls leave it from {at} on",
    # core/account/trouble.py
    "paused": "Waits because the voice account `{account}` is paused; see `flask leads list`",
    "script_paused": "Waits because the script `{script}` is paused; see `flask leads list`",
    "no_answers": "10 of the last 20 calls had no trustworthy answer",
    "provider_unreachable": "the provider could not be reached several times in a row",
    "provider_status": "the provider's answer refuses us as a whole (its HTTP status says so)",
    "other_number": "the provider's answer named another number than the one that was asked for",
    "account_error": "the provider refused a call for a cause that would refuse them all (money, key or access)",
    "script_refused": "the provider refused 5 calls in a row with this script",
    "paused_by_person": "a person paused it",
    # flow/enrich.py
    "waits_for_crm": "Waits for the CRM: only an id was posted, and the phone has to be asked for",
    "crm_no_answer": "The CRM gave no answer while the lead was young enough to be welcome ({limit}, `{rule}`)",
    "crm_no_phone": "The CRM knew no phone for this lead, however often it was asked ({limit}, `{rule}`)",
    "crm_odd_id": "What stands in `{field}` cannot be an id, so the CRM was not asked for it",
    "crm_knows_no_phone": "The CRM answered, but knows no phone for this lead yet",
    "crm_busy": "The CRM asks us to come back later (HTTP {status})",
    "crm_token": "The CRM does not accept the token that `fetch.token` names (HTTP {status})",
    "crm_no_token": "`fetch.token` names a secret that is not set, or one that cannot be sent: {how}",
    "crm_silent": "The CRM cannot be reached or gives no whole answer ({how})",
    "crm_odd": "The CRM answered with something that is no answer ({how}, HTTP {status})",
    # core/proofs/authentic.py
    "late_signature": "Signed by the sender, but too long ago to be taken for new",
    # What a delivery's bytes are not (core/reading/body.py).
    "body_not_json": "What arrived begins like JSON but breaks off or is written wrong, so nothing in it can be read",
    "body_duplicate_keys": "What arrived names one field twice with two different values, so neither can be trusted",
    "body_too_deep": "What arrived is nested more than 32 levels deep; no form or CRM sends that",
    "body_too_many_fields": "What arrived has more than 1,000 fields (or very long field names); no form sends that",
    "body_too_many_values": "What arrived holds more than 5,000 values; no form or CRM sends that for leads",
    "body_bad_multipart": "What arrived calls itself a multipart form, but its parts cannot be told from one another",
    "body_is_xml": "What arrived is XML, which this source does not expect (`format: xml` under `body` would allow it)",
    "body_not_xml": "What arrived is not whole XML, or uses entities, which are refused for safety",
    "body_not_object": "What arrived is a single value, not a set of named fields",
    "body_not_data": "What arrived is neither JSON nor a form, so no field can be found in it",
    # What a number's field holds instead of a number (core/numbers/phone.py).
    "number_missing": "The phone field is empty",
    "number_not_text": "The phone field holds a group of other fields instead of a number",
    "number_too_long": "The phone field holds a text too long for a number",
    "number_not_filled_in": "The sender left the name of a field (like {{phone}}) where the number should stand",
    "number_is_text": "The phone field holds a nickname, an address or a word instead of a number",
    "number_is_decimal": "The number came as a decimal fraction (like 79990000001.0), so its end cannot be trusted",
    "number_is_one_digit": "The number is one digit repeated; people and tests write that when there is no number",
    "number_with_letters": "The phone field holds letters or characters where a number must have digits",
    "number_with_extension": "The number has an extension, which a call cannot dial",
    "number_malformed": "The phone field holds a `+` in the middle, so it is not one number",
    "number_without_country": "The number has no country code, and the source does not say which country to read it in",
    "number_not_valid": "There is no such phone number: too few or too many digits, or a code that does not exist",
    # A number that a person gives (flow/numbers.py).
    "number_not_alone": "There is more than one number in it, or a number and other text",
    "number_of_several_countries": "It is a number of {count} countries; write it with + and the country's code",
    # What became of a call (core/outcome.py; the code is the lead's `reason`).
    "retry": "Nothing was sent yet, because the provider could not be reached; it is tried again by itself",
    "no_answer": "The call was sent and no answer came in time, so it may have rung",
    "reset": "The connection broke after the call was sent, so it may have rung",
    "closed": "The provider closed the connection without a whole answer, so it may have rung",
    "http_status": "The provider's answer had an HTTP status that proves nothing, so it may have rung",
    "odd_reply": "The provider's answer could not be understood, so it may have rung",
    "owner_gone": "The worker that sent this call ended before it could tell, so it may have rung",
    "store_went_back": "The database was set back after this call was sent, so it may have rung",
    # flow
    "provider_refused": "The provider refused the call: {said}",
    "may_have_rung": "It may have been called before the database was replaced; look in the provider's panel",
    "source_off": "The source is switched off or was removed",
    "no_account": "The source names the voice account `{account}`, which is not set up",
    "mapping_error": "A mistake of ours while mapping; it is in the log. Use remap once it is mended",
    "same_id_other_number": "It came under the id of lead {no} but with another number, so it may be another person",
}


class _Facts(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return f"({key}?)"


def words(code: str, params: dict[str, Any]) -> str:
    """The sentence for a person; the code itself where no words are known."""
    return WORDS.get(code, code).format_map(_Facts(params))
