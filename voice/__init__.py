"""The providers that we can speak to: a file each, and its line here. Nothing else names one."""

from voice import mobilgroup
from voice.provider import Provider

PROVIDERS: dict[str, Provider] = {
    "mobilgroup": mobilgroup.PROVIDER,
}
