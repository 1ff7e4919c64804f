//! The colours of a site. One that could not be read on our surfaces is made darker or lighter until it can, since the site's owner chose
//! it for a logo and not for text.

/// The darkest light surface and the lightest dark one, as `tokens.css` has them: what is read on these is read on all.
const LIGHT_SURFACE: Colour = Colour([0xec, 0xe5, 0xd7]);
const DARK_SURFACE: Colour = Colour([0x1e, 0x24, 0x26]);
/// The two colours of text on the accent, from the same file.
const PAPER: Colour = Colour([0xff, 0xfd, 0xf8]);
const INK: Colour = Colour([0x10, 0x16, 0x1d]);
/// WCAG 2.2 asks for 4.5; the accent is also read on its own tint, which takes some of it.
const CONTRAST: f64 = 5.2;

/// A colour of a site: three numbers of eight bits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Colour([u8; 3]);

impl Colour {
    /// Reads `#rrggbb`.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6 && digits.is_ascii())?;
        let part = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
        Some(Self([part(0)?, part(2)?, part(4)?]))
    }

    /// Red, green and blue.
    pub const fn rgb(self) -> [u8; 3] {
        self.0
    }

    /// As `#rrggbb`.
    pub fn hex(self) -> String {
        let [red, green, blue] = self.0;
        format!("#{red:02x}{green:02x}{blue:02x}")
    }

    /// Relative luminance by WCAG 2.2.
    fn luminance(self) -> f64 {
        let linear = |part: u8| {
            let part = f64::from(part) / 255.0;
            if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        };
        let [red, green, blue] = self.0.map(linear);
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }

    fn contrast(self, other: Self) -> f64 {
        let (a, b) = (self.luminance(), other.luminance());
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    /// The nearest mixture with `towards` that can be read on `surface`.
    fn readable_on(self, surface: Self, towards: Self) -> Self {
        let mixed = |percent: u32| {
            let part = |at: usize| {
                let sum = u32::from(self.0[at]) * (100 - percent) + u32::from(towards.0[at]) * percent;
                u8::try_from((sum + 50) / 100).unwrap_or(u8::MAX)
            };
            Self([part(0), part(1), part(2)])
        };
        (0..=100).step_by(4).map(mixed).find(|colour| colour.contrast(surface) >= CONTRAST).unwrap_or(towards)
    }

    /// What of it can be read on our light surfaces.
    pub fn on_light(self) -> Self {
        self.readable_on(LIGHT_SURFACE, INK)
    }

    /// What of it can be read on our dark surfaces.
    pub fn on_dark(self) -> Self {
        self.readable_on(DARK_SURFACE, PAPER)
    }

    /// The colour of text on this one.
    pub fn text(self) -> Self {
        if self.contrast(PAPER) >= self.contrast(INK) { PAPER } else { INK }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_accent_can_be_read(parts: [u8; 3]) {
            let accent = Colour(parts);
            prop_assert_eq!(Colour::parse(&accent.hex()), Some(accent));
            let (light, dark) = (accent.on_light(), accent.on_dark());
            prop_assert!(light.contrast(LIGHT_SURFACE) >= 4.5 && dark.contrast(DARK_SURFACE) >= 4.5);
            prop_assert!(light.contrast(light.text()) >= 4.5 && dark.contrast(dark.text()) >= 4.5);
        }
    }

    #[test]
    fn a_good_accent_stays_as_it_is() {
        let teal = Colour([0x0d, 0x57, 0x57]);
        assert_eq!(teal.on_light(), teal);
    }
}
