//! Cells with keys, and what each must end with: by the spelling of keys that docs/sandbox.md describes, and by
//! records that are assigned here.

use hubspot_associate::sandbox::faults::table::fault_id;
use hubspot_associate::sandbox::server::Sandbox;

/// Contacts by email.
pub(crate) const FROM_EMAIL: [&str; 6] = [
    "--from-type",
    "contacts",
    "--from-id-property",
    "email",
    "--from-id-column",
    "E-mail",
];

/// Companies by domain.
pub(crate) const TO_DOMAIN: [&str; 7] = [
    "--to-type",
    "companies",
    "--to-id-property",
    "domain",
    "--to-id-column",
    "Website",
    "--allow-search",
];

/// Companies by record id.
pub(crate) const TO_ID: [&str; 4] = ["--to-type", "companies", "--to-id-column", "Company"];

/// The flags of a file with `E-mail` and `Company`, and others.
pub(crate) fn by_email<'f>(more: &[&'f str]) -> Vec<&'f str> {
    [&FROM_EMAIL, &TO_ID[..], more].concat()
}

/// The flags of a file with `E-mail` and `Website`, and others.
pub(crate) fn by_both<'f>(more: &[&'f str]) -> Vec<&'f str> {
    [&FROM_EMAIL, &TO_DOMAIN[..], more].concat()
}

/// A file with `E-mail` and `Company`.
pub(crate) fn emails(rows: impl IntoIterator<Item = impl std::fmt::Display>) -> String {
    let rows = rows.into_iter().map(|row| format!("{row}\n"));
    std::iter::once("E-mail,Company\n".to_owned())
        .chain(rows)
        .collect()
}

/// What a key must end with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ends {
    /// The record with this id, matched in this way.
    Found(String, &'static str),
    /// One record, matched in this way; only the server knows its id.
    FoundByServer(&'static str),
    NotFound,
    /// All of the records, of which the report may name ten.
    Ambiguous(Vec<String>),
    /// Not looked up. The words are in the message.
    Invalid(&'static str),
}

#[derive(Clone, Debug)]
pub(crate) struct KeyCell {
    pub(crate) text: String,
    pub(crate) ends: Ends,
}

impl KeyCell {
    fn new(text: impl Into<String>, ends: Ends) -> Self {
        Self {
            text: text.into(),
            ends,
        }
    }

    /// The cell in a CSV file.
    pub(crate) fn quoted(&self) -> String {
        format!("\"{}\"", self.text.replace('"', "\"\""))
    }

    pub(crate) fn is_valid(&self) -> bool {
        !matches!(self.ends, Ends::Invalid(_))
    }
}

fn found(id: u32, matched: &'static str) -> Ends {
    Ends::Found(id.to_string(), matched)
}

/// The cells that are no key of any kind, with words of the reason.
const NO_KEYS: [(&str, &str); 6] = [
    ("", "is blank"),
    ("   ", "is blank"),
    ("#N/A", "error of a spreadsheet formula"),
    ("NULL", "stands for no value"),
    ("-", "stands for no value"),
    ("n/a", "stands for no value"),
];

fn no_key(n: u32, other: (&'static str, &'static str)) -> KeyCell {
    let all = NO_KEYS.iter().chain(std::iter::once(&other));
    let (text, reason) = all.cycle().nth(n as usize % 7).unwrap();
    KeyCell::new(*text, Ends::Invalid(reason))
}

/// The email of contact `n`. Records are assigned where several must match.
pub(crate) fn email(sandbox: &Sandbox, n: u32) -> KeyCell {
    let serial = |fault| fault_id(fault, 0, n).unwrap();
    match n % 100 {
        // A name in front of the number that finds nothing, in the ways that the sandbox answers.
        1 => {
            let name = ["missing", "unlisted", "notfound"][(n / 100) as usize % 3];
            KeyCell::new(format!("{name}{n}@example.com"), Ends::NotFound)
        }
        2 | 3 => KeyCell::new(format!("alias{n}@example.com"), found(n, "secondary")),
        4 => KeyCell::new(format!("MERGED{n}@Example.COM"), found(n, "secondary")),
        5 | 6 => KeyCell::new(format!("User{n}@Example.com"), found(n, "folded")),
        7 => KeyCell::new(format!("USER{n}@EXAMPLE.COM"), found(n, "folded")),
        8 => KeyCell::new(format!("  user{n}@example.com\t"), found(n, "exact")),
        9 => {
            let text = format!("shared{n}@example.com");
            let ids = [n.to_string(), (n + 100_000).to_string()];
            assign(sandbox, ("contacts", "email"), &text, &ids);
            KeyCell::new(text, Ends::Ambiguous(ids.to_vec()))
        }
        10 => no_key(n / 100, ("not an address", "is not an email address")),
        11 => {
            let id = serial("merged");
            let survivor = id.replacen("99", "89", 1);
            let text = format!("user{id}@example.com");
            KeyCell::new(text, Ends::Found(survivor, "exact"))
        }
        12 if n % 1000 == 12 => KeyCell::new(
            format!("user{}@example.com", serial("missing")),
            Ends::NotFound,
        ),
        13 => KeyCell::new(format!("person{n}@acme.test"), Ends::FoundByServer("exact")),
        _ => KeyCell::new(format!("user{n}@example.com"), found(n, "exact")),
    }
}

/// The domain of company `n`. Records are assigned where several must match.
pub(crate) fn domain(sandbox: &Sandbox, n: u32) -> KeyCell {
    let company = |text: String| KeyCell::new(text, found(n, "search"));
    let shared = |text: String, count: u32| {
        let ids: Vec<String> = (0..count)
            .map(|more| (n + more * 100_000).to_string())
            .collect();
        assign(sandbox, ("companies", "domain"), &text, &ids);
        KeyCell::new(text, Ends::Ambiguous(ids))
    };
    match n % 100 {
        1 => KeyCell::new(format!("missing{n}.example"), Ends::NotFound),
        2 => shared(format!("shared{n}.example"), 2),
        3 => shared(format!("shared{n}.example"), 12),
        // More than one page.
        4 => shared(format!("shared{n}.example"), 250),
        5 | 6 => company(format!("https://www.company{n}.example/about?x=1#top")),
        7 => company(format!("HTTP://WWW.Company{n}.Example:8080/")),
        8 | 9 => company(format!("Company{n}.EXAMPLE")),
        10 => no_key(n / 100, ("Acme Inc", "is not a domain")),
        11 => company(format!(" company{n}.example ")),
        12 => company(format!("www.company{n}.example")),
        // The search finds it only after a time.
        13 => KeyCell::new(format!("new{n}.example"), Ends::FoundByServer("search")),
        14 => no_key(6, ("someone@example.com", "is an email address")),
        _ => company(format!("company{n}.example")),
    }
}

fn assign(sandbox: &Sandbox, (object_type, property): (&str, &str), key: &str, ids: &[String]) {
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    sandbox
        .assign_key(object_type, property, key, &ids)
        .unwrap();
}
