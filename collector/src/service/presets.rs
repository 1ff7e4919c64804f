//! Service files that come with Sayso.

/// The presets: their names, and the files.
pub const PRESETS: [(&str, &str); 3] = [
    ("iso-10002", include_str!("presets/iso-10002.toml")),
    ("fca-disp", include_str!("presets/fca-disp.toml")),
    ("cfpb", include_str!("presets/cfpb.toml")),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::file::ServiceFile;
    use crate::service::read::read;

    #[test]
    fn every_preset_can_be_applied_to_an_empty_installation() {
        for (name, text) in PRESETS {
            let file = read(text, &ServiceFile::default());
            let file = file.unwrap_or_else(|mistakes| panic!("{name}: {mistakes:#?}"));
            assert!(!file.promises.is_empty(), "{name}");
            let written = file.write().expect("it can be written");
            let again = read(&written, &ServiceFile::default()).expect("what is written can be read");
            assert_eq!(again.write().expect("it can be written"), written, "{name}");
        }
    }

    #[test]
    fn the_complaints_of_disp_have_all_of_its_times() {
        let (_, text) = PRESETS.into_iter().find(|(name, _)| *name == "fca-disp").expect("the preset");
        let file = read(text, &ServiceFile::default()).expect("it can be read");
        let mut times: Vec<String> =
            file.promises.iter().filter_map(|promise| promise.resolution).map(|span| span.to_string()).collect();
        times.sort();
        assert_eq!(times, ["15bd", "35bd", "3bd", "8w"]);
        assert!(
            file.promises.iter().all(|promise| promise.first_response.is_some_and(|span| span.to_string() == "1bd"))
        );
    }
}
