import pytest

from core.reading.body import parse
from core.source import Body

XML = Body(format="xml")
SOAP = """<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
 <soapenv:Body>
  <notifications xmlns="http://soap.sforce.com/2005/09/outbound">
   <OrganizationId>00D</OrganizationId><SessionId xsi:nil="true"/>
   <Notification><Id>04l1</Id><sObject xsi:type="sf:Lead" xmlns:sf="urn:sobject.enterprise.soap.sforce.com">
     <sf:Id>00Q1</sf:Id><sf:Phone xsi:type="xsd:string">+7 999 000-00-01</sf:Phone></sObject></Notification>
   <Notification><Id>04l2</Id></Notification>
  </notifications>
 </soapenv:Body>
</soapenv:Envelope>"""


def read(text):
    return parse(text.encode() if isinstance(text, str) else text, "text/xml", "", XML)


def test_a_soap_message_is_read_by_local_names():
    assert read(SOAP).value["Envelope"]["Body"]["notifications"] == {
        "OrganizationId": "00D",
        "SessionId": None,
        "Notification": [
            {"Id": "04l1", "sObject": {"@type": "sf:Lead", "Id": "00Q1", "Phone": "+7 999 000-00-01"}},
            {"Id": "04l2"},
        ],
    }


def test_attributes_stand_beside_the_text():
    assert read('<lead id="7"><phone kind="work"> 1 </phone><name/></lead>').value == {
        "lead": {"@id": "7", "phone": {"@kind": "work", "#text": "1"}, "name": ""}
    }


def test_windows_1251_is_read():
    text = '<?xml version="1.0" encoding="windows-1251"?><a>Иван</a>'
    assert read(text.encode("cp1251")).value == {"a": "Иван"}


LAUGHS = '<!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;&b;&b;">]><a>&c;</a>'
OUTSIDE = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (LAUGHS, "body_not_xml"),
        (OUTSIDE, "body_not_xml"),
        ("<!DOCTYPE a><a/>", "body_not_xml"),
        ("<a><b></a>", "body_not_xml"),
        ("<a>", "body_not_xml"),
        ("phone=1", "body_not_xml"),
        ('<?xml version="1.0" encoding="no-such"?><a/>', "body_not_xml"),
        ("<a>" * 40 + "</a>" * 40, "body_too_deep"),
        ("<a>" * 87_000, "body_too_deep"),
        ("<r>" + "<a/>" * 6_000 + "</r>", "body_too_many_values"),
    ],
)
def test_bombs_and_broken_documents_are_unreadable(text, code):
    tree = read(text)
    assert (tree.value, tree.problem) == ({}, code)
