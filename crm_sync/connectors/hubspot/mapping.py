"""Which lead field goes to which HubSpot contact property, and the properties we add to an account."""

from typing import Any

from crm_sync.contracts import Row

KEY = "leadhub_id"

ROWS = (
    Row(path="lead_id", remote=KEY),
    Row(path="field.email", remote="email", form="email"),
    Row(path="field.phone", remote="phone", form="phone"),
    Row(path="field.first_name", remote="firstname"),
    Row(path="field.last_name", remote="lastname"),
    Row(path="field.company", remote="company"),
    Row(path="field.title", remote="jobtitle"),
    Row(path="field.city", remote="city"),
    Row(path="field.region", remote="state"),
    Row(path="field.country", remote="country"),
    Row(path="field.postal_code", remote="zip"),
    Row(path="owner", remote="leadhub_owner"),
    Row(path="opted_out.sms", remote="leadhub_sms_opt_out"),
    Row(path="first_touch.channel", remote="leadhub_first_channel"),
    Row(path="last_touch.at", remote="leadhub_last_touch_at", form="moment"),
)


def _ours(name: str, label: str, **more: Any) -> dict[str, Any]:
    shape = {"groupName": "contactinformation", "type": "string", "fieldType": "text"}
    return {"name": name, "label": label} | shape | more


_YES_NO = [{"label": "Yes", "value": "true", "displayOrder": 0}, {"label": "No", "value": "false", "displayOrder": 1}]

PROPERTIES: dict[str, dict[str, Any]] = {
    one["name"]: one
    for one in (
        _ours(KEY, "LeadHub ID", hasUniqueValue=True, description="LeadHub finds this contact by it. Do not change."),
        _ours("leadhub_owner", "LeadHub owner"),
        _ours("leadhub_sms_opt_out", "SMS opt-out", type="bool", fieldType="booleancheckbox", options=_YES_NO),
        _ours("leadhub_first_channel", "First channel"),
        _ours("leadhub_last_touch_at", "Last touch", type="datetime", fieldType="date"),
    )
}
