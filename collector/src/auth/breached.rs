//! Passwords that have been in a breach: a Bloom filter in a file of its own, made of the list of hashes that Have I Been Pwned gives away.
//! Asking it reads a few bytes of the file, and tells nobody which password was asked for.
//!
//! The file is `SAYSOBF1`, the number of bits as eight bytes, and the bits. A hash is in it if all of its bits are set; of those that
//! were never in the list one in a thousand is taken for one that was.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use clap::Subcommand;
use sha1::{Digest, Sha1};

use super::password::{Password, Weakness};
use crate::config::Config;

const MAGIC: &[u8; 8] = b"SAYSOBF1";
const HEAD: u64 = 16;
/// Bits for each hash, and how many of them it sets: one in a thousand is wrong.
const BITS_EACH: u64 = 15;
const SET: u64 = 10;

/// Makes the filter.
#[derive(Debug, Subcommand)]
pub enum BreachedCommand {
    /// Make the file for the setting breached_passwords of a list with one SHA-1 hash in each line, such as that of Have I Been Pwned.
    Build {
        /// The list.
        list: PathBuf,
        /// The file to write.
        file: PathBuf,
    },
}

/// Runs the command.
pub fn run(command: &BreachedCommand) -> anyhow::Result<()> {
    let BreachedCommand::Build { list, file } = command;
    let hashes = build(list, file)?;
    println!("{} holds {hashes} passwords. Name it in the setting breached_passwords.", file.display());
    Ok(())
}

/// Refuses a password that has been in a breach, where the settings name a filter.
pub async fn check(config: &Config, password: &Password) -> anyhow::Result<Result<(), Weakness>> {
    if config.breached_passwords.as_os_str().is_empty() {
        return Ok(Ok(()));
    }
    let (file, hash) = (config.breached_passwords.clone(), Sha1::digest(password.reveal().as_bytes()).into());
    let found = tokio::task::spawn_blocking(move || contains(&file, &hash)).await??;
    Ok(if found { Err(Weakness::Breached) } else { Ok(()) })
}

fn build(list: &Path, file: &Path) -> anyhow::Result<u64> {
    let lines = || -> anyhow::Result<_> {
        let open = File::open(list).with_context(|| format!("cannot read {}", list.display()))?;
        Ok(BufReader::with_capacity(1024 * 1024, open).lines())
    };
    let count = lines()?.try_fold(0, |count: u64, line| line.map(|_| count + 1))?;
    ensure!(count > 0, "{} is empty", list.display());
    let bits = (count * BITS_EACH).next_multiple_of(8);
    let mut filter = vec![0u8; usize::try_from(bits / 8)?];
    for (number, line) in lines()?.enumerate() {
        let line = line?;
        let hash = read_hash(&line).with_context(|| format!("line {} does not begin with a SHA-1 hash", number + 1))?;
        for bit in bits_of(&hash, bits) {
            filter[usize::try_from(bit / 8)?] |= 1 << (bit % 8);
        }
    }
    let mut out = BufWriter::new(File::create(file).with_context(|| format!("cannot write {}", file.display()))?);
    out.write_all(MAGIC)?;
    out.write_all(&bits.to_le_bytes())?;
    out.write_all(&filter)?;
    out.into_inner()?.sync_all()?;
    Ok(count)
}

fn contains(file: &Path, hash: &[u8; 20]) -> anyhow::Result<bool> {
    let name = file.display();
    let mut open = File::open(file).with_context(|| format!("cannot read breached_passwords, {name}"))?;
    let mut head = [0; HEAD as usize];
    open.read_exact(&mut head).with_context(|| format!("{name} was not made by `sayso breached build`"))?;
    let bits = u64::from_le_bytes(head[8..].try_into()?);
    let is_whole = open.seek(SeekFrom::End(0))? == HEAD + bits / 8;
    ensure!(&head[..8] == MAGIC && bits > 0 && is_whole, "{name} was not made by `sayso breached build`");
    for bit in bits_of(hash, bits) {
        let mut byte = [0];
        open.read_exact_at(&mut byte, HEAD + bit / 8)?;
        if byte[0] & 1 << (bit % 8) == 0 {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The bits that stand for a hash: two halves of it make all of them (Kirsch and Mitzenmacher, 2006).
fn bits_of(hash: &[u8; 20], bits: u64) -> impl Iterator<Item = u64> {
    let part = |from: usize| u64::from_le_bytes(hash[from..from + 8].try_into().unwrap_or_default());
    let (first, step) = (part(0), part(8) | 1);
    (0..SET).map(move |n| first.wrapping_add(step.wrapping_mul(n)) % bits)
}

fn read_hash(line: &str) -> Option<[u8; 20]> {
    let digits = line.get(..40)?;
    let mut hash = [0; 20];
    for (index, byte) in hash.iter_mut().enumerate() {
        *byte = u8::from_str_radix(digits.get(2 * index..2 * index + 2)?, 16).ok()?;
    }
    Some(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_of_a_breach_is_refused_and_hardly_any_other() {
        let folder = tempfile::tempdir().expect("a folder");
        let (list, file) = (folder.path().join("list"), folder.path().join("filter"));
        let hex =
            |text: &str| Sha1::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02X}")).collect::<String>();
        let lines: Vec<String> = (0..2_000).map(|n| format!("{}:{n}", hex(&format!("breached {n}")))).collect();
        std::fs::write(&list, lines.join("\r\n")).expect("it is written");
        assert_eq!(build(&list, &file).expect("it is made"), 2_000);
        let known = |text: &str| contains(&file, &Sha1::digest(text.as_bytes()).into()).expect("it can be read");
        assert!((0..2_000).all(|n| known(&format!("breached {n}"))));
        let wrong = (0..10_000).filter(|n| known(&format!("never breached {n}"))).count();
        assert!(wrong < 50, "{wrong} of 10,000");

        let mut config = Config::for_data(folder.path()).expect("the defaults hold");
        let password = |text: &str| Password::parse(text, &[]).expect("it is long enough");
        let breached = password("breached 1234");
        assert_eq!(check(&config, &breached).await.expect("there is no filter"), Ok(()));
        config.breached_passwords = file;
        assert_eq!(check(&config, &breached).await.expect("it can be read"), Err(Weakness::Breached));
        assert_eq!(check(&config, &password("purple giraffes sleep")).await.expect("it can be read"), Ok(()));
        config.breached_passwords = list;
        assert!(check(&config, &breached).await.is_err(), "another file is no filter");
    }
}
