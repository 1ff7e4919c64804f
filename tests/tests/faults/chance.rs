//! Random moments that can be had again.

/// A generator (SplitMix64) whose seed is printed, so that a failure shows it; `SAYSO_TEST_SEED` sets it.
#[derive(Debug)]
pub struct Chance(u64);

impl Chance {
    /// A generator for one test.
    pub fn new() -> Self {
        let seed = match std::env::var("SAYSO_TEST_SEED") {
            Ok(seed) => seed.parse().expect("SAYSO_TEST_SEED is a number"),
            Err(_) => u64::from_le_bytes(sayso::keys::random_bytes()),
        };
        println!("SAYSO_TEST_SEED={seed}");
        Self(seed)
    }

    /// A number below `limit`.
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let limit = u64::try_from(limit).expect("a number fits");
        usize::try_from((mixed ^ (mixed >> 31)) % limit).expect("it is below a number that fits")
    }
}
