//! The association types between two object types, and which of them a name stands for.

use crate::domain::association_type::AssociationType;
use crate::domain::label_id::LabelId;
use crate::domain::pair::ObjectType;
use crate::labels::error::NotResolved;
use crate::labels::name::{folded, nearest};

/// The association types from one object type to another, and back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeLabels {
    /// The type of the records named first.
    pub from_type: ObjectType,
    /// The type of the records named second.
    pub to_type: ObjectType,
    /// The types in this direction, as HubSpot lists them.
    pub forward: Vec<AssociationType>,
    /// The types in the other direction; the same ones if both object types are the same.
    pub inverse: Vec<AssociationType>,
}

impl TypeLabels {
    /// The label with this name in the direction of the rows. Case and the number of blanks are ignored, unless that makes the
    /// name ambiguous. A text such as `USER_DEFINED:37` that is no name stands for the label with this id.
    pub fn by_name(&self, name: &str) -> Result<AssociationType, NotResolved> {
        let exact = |label: &str| label == name;
        let wanted = folded(name);
        let alike = |label: &str| folded(label) == wanted;
        for is_same in [&exact as &dyn Fn(&str) -> bool, &alike] {
            match &with_label(&self.forward, is_same)[..] {
                [] => {}
                [label] => return Ok((*label).clone()),
                several => {
                    return Err(NotResolved::Ambiguous(
                        several.iter().map(|label| LabelId::of(label)).collect(),
                    ));
                }
            }
        }
        if let Ok(id) = name.parse::<LabelId>() {
            return self.by_id(&id);
        }
        if !with_label(&self.inverse, alike).is_empty() {
            return Err(self.other_direction());
        }
        let names = self.labels().filter_map(|label| label.label.as_deref());
        Err(NotResolved::Unknown {
            nearest: nearest(name, names)
                .into_iter()
                .map(str::to_owned)
                .collect(),
            all: self.labels().cloned().collect(),
        })
    }

    /// The label with this id in the direction of the rows.
    pub fn by_id(&self, id: &LabelId) -> Result<AssociationType, NotResolved> {
        match self.forward.iter().find(|label| id.is_of(label)) {
            Some(label) if label.label.is_none() => Err(NotResolved::Unlabelled),
            Some(label) => Ok(label.clone()),
            None if self.inverse.iter().any(|label| id.is_of(label)) => Err(self.other_direction()),
            None => Err(NotResolved::Unknown {
                nearest: Vec::new(),
                all: self.labels().cloned().collect(),
            }),
        }
    }

    /// The labels in the direction of the rows, without the unlabelled type.
    pub fn labels(&self) -> impl Iterator<Item = &AssociationType> {
        self.forward.iter().filter(|label| label.label.is_some())
    }

    fn other_direction(&self) -> NotResolved {
        NotResolved::OtherDirection {
            all: self.labels().cloned().collect(),
        }
    }
}

fn with_label(types: &[AssociationType], is_same: impl Fn(&str) -> bool) -> Vec<&AssociationType> {
    let has = |kind: &&AssociationType| kind.label.as_deref().is_some_and(&is_same);
    let mut found: Vec<&AssociationType> = types.iter().filter(has).collect();
    found.dedup_by(|a, b| a.is_same_as(b));
    found
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    fn of(text: &str) -> AssociationType {
        AssociationType::parse_first(text).unwrap().0
    }

    /// Contacts and companies with a few labels.
    pub(crate) fn contacts_and_companies() -> TypeLabels {
        let list = |texts: &[&str]| texts.iter().map(|text| of(text)).collect();
        TypeLabels {
            from_type: ObjectType::new("contacts").unwrap(),
            to_type: ObjectType::new("companies").unwrap(),
            forward: list(&[
                "HUBSPOT_DEFINED:279:",
                "HUBSPOT_DEFINED:1:Primary",
                "USER_DEFINED:1:Decision maker",
                "USER_DEFINED:5:Manager",
                "USER_DEFINED:9:Reseller",
                "INTEGRATOR_DEFINED:9:Reseller",
                "USER_DEFINED:11:vip",
                "USER_DEFINED:12:VIP",
            ]),
            inverse: list(&[
                "HUBSPOT_DEFINED:280:",
                "HUBSPOT_DEFINED:2:Primary",
                "USER_DEFINED:6:Employee",
            ]),
        }
    }

    fn by_name(name: &str) -> Result<String, String> {
        let labels = contacts_and_companies();
        let found = labels.by_name(name);
        let types = [&labels.from_type, &labels.to_type];
        found
            .map(|label| label.to_string())
            .map_err(|why| why.about_name(types))
    }

    #[test]
    fn a_name_stands_for_one_label_or_none() {
        for (name, label) in [
            ("Decision maker", "USER_DEFINED:1:Decision maker"),
            ("decision  MAKER", "USER_DEFINED:1:Decision maker"),
            ("Primary", "HUBSPOT_DEFINED:1:Primary"),
            ("vip", "USER_DEFINED:11:vip"),
            ("VIP", "USER_DEFINED:12:VIP"),
            ("INTEGRATOR_DEFINED:9", "INTEGRATOR_DEFINED:9:Reseller"),
        ] {
            assert_eq!(by_name(name).as_deref(), Ok(label), "{name}");
        }
        for (name, message) in [
            (
                "Decison maker",
                "is no label from contacts to companies: did you mean \"Decision maker\"?",
            ),
            (
                "xyz",
                "is no label from contacts to companies: the labels are \"Primary\", \"Decision maker\", \"Manager\", \
                 \"Reseller\", \"vip\", \"VIP\"",
            ),
            (
                "Reseller",
                "is the name of several labels from contacts to companies: USER_DEFINED:9, INTEGRATOR_DEFINED:9",
            ),
            (
                "Vip",
                "is the name of several labels from contacts to companies: USER_DEFINED:11, USER_DEFINED:12",
            ),
            (
                "Employee",
                "is a label from companies to contacts, and not from contacts to companies: the labels are \"Primary\", \
                 \"Decision maker\", \"Manager\", \"Reseller\", \"vip\", \"VIP\"",
            ),
            (
                "HUBSPOT_DEFINED:279",
                "is the unlabelled type, which is written without a label",
            ),
        ] {
            assert_eq!(by_name(name), Err(message.to_owned()), "{name}");
        }
    }

    #[test]
    fn an_id_is_one_of_its_category_and_direction() {
        let labels = contacts_and_companies();
        let by_id = |id: &str| labels.by_id(&id.parse().unwrap());
        assert_eq!(
            by_id("USER_DEFINED:1"),
            Ok(of("USER_DEFINED:1:Decision maker"))
        );
        assert_eq!(
            by_id("HUBSPOT_DEFINED:1"),
            Ok(of("HUBSPOT_DEFINED:1:Primary"))
        );
        assert_eq!(by_id("HUBSPOT_DEFINED:279"), Err(NotResolved::Unlabelled));
        assert!(matches!(
            by_id("USER_DEFINED:6"),
            Err(NotResolved::OtherDirection { .. })
        ));
        assert!(matches!(
            by_id("USER_DEFINED:99"),
            Err(NotResolved::Unknown { .. })
        ));
    }
}
