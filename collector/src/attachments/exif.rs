//! EXIF of pictures: only which way is up is kept, since a photograph taken on its side would else lie there.

use bytes::Bytes;

const ORIENTATION: u16 = 0x0112;

/// An EXIF block that says which way is up and nothing else; none if `exif` does not say, or says that it is as it should be.
/// `exif` begins with the byte order (TIFF 6.0, section 2).
pub fn orientation_only(exif: &[u8]) -> Option<Bytes> {
    let orientation = orientation(exif)?;
    if !(2..=8).contains(&orientation) {
        return None;
    }
    let mut block = Vec::with_capacity(26);
    block.extend_from_slice(b"MM\0*\0\0\0\x08");
    // One entry: the tag, a short, of which there is one, left-aligned in four bytes. No further directory.
    block.extend_from_slice(&[0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1]);
    block.extend_from_slice(&orientation.to_be_bytes());
    block.extend_from_slice(&[0; 6]);
    Some(block.into())
}

fn orientation(exif: &[u8]) -> Option<u16> {
    let is_big = match exif.get(..4)? {
        b"MM\0*" => true,
        b"II*\0" => false,
        _ => return None,
    };
    let short = |at: usize| {
        let pair = exif.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if is_big { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) })
    };
    let long = |at: usize| {
        let four = exif.get(at..at.checked_add(4)?)?.try_into().ok()?;
        usize::try_from(if is_big { u32::from_be_bytes(four) } else { u32::from_le_bytes(four) }).ok()
    };
    let directory = long(4)?;
    let count = usize::from(short(directory)?);
    (0..count).map_while(|index| directory.checked_add(2 + 12 * index)).find_map(|entry| {
        let value = entry.checked_add(8)?;
        (short(entry)? == ORIENTATION).then(|| short(value)).flatten()
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_the_orientation_is_kept() {
        let cameras = b"II*\0\x08\0\0\0\x02\0\x10\x01\x02\0\x04\0\0\0abc\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
        let kept = orientation_only(cameras).expect("it lies on its side");
        assert_eq!((kept.len(), orientation(&kept)), (26, Some(6)));
        assert_eq!(orientation_only(&kept), Some(kept.clone()));
        let upright = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x01\0\0\0\0\0\0";
        assert_eq!((orientation(upright), orientation_only(upright)), (Some(1), None));
    }

    proptest! {
        #[test]
        fn never_panics(order in prop::sample::select(vec![&b"MM\0*"[..], b"II*\0", b""]), rest: Vec<u8>) {
            let _ = orientation_only(&[order, &rest].concat());
        }
    }
}
