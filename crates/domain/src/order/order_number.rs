//! The number of an order for people: short, and safe to read over the phone.

use std::fmt;
use std::str::FromStr;

/// Crockford's base 32: no I, L, O, U. `O` is read as `0`, `I` and `L` as `1`.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LETTER_BITS: u32 = 5;
/// Letters before the check character.
const LETTERS: u32 = 7;
const BITS: u32 = LETTERS * LETTER_BITS;
const MASK: u64 = (1 << BITS) - 1;
/// Position of the dash.
const GROUP: usize = 4;
/// Odd, so that multiplying by it modulo 2^35 can be undone.
const FACTOR: u64 = 0x5_2DC4_6A7D;
const INVERSE: u64 = inverse(FACTOR);
/// At least half of the bits, so that the exclusive or with the shifted value undoes itself.
const SHIFT: u32 = 18;

/// Eight letters and digits, such as `7K3M-9QXA`: a scrambled sequence number, and a check character. Two orders that
/// are placed after each other get numbers that look different. The check character reveals every wrong character and
/// every exchange of two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrderNumber(u64);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadOrderNumber {
    #[error("an order number must be 8 letters and digits, such as {}", OrderNumber(1))]
    Form,
    #[error("an order number must fit its last character, which checks the others: one is wrong, or two are exchanged")]
    Check,
    #[error("{0} is not a sequence number of an order")]
    Sequence(i64),
}

impl OrderNumber {
    /// The number of the order with this sequence number, as the database assigns it.
    pub fn from_sequence(sequence: i64) -> Result<Self, BadOrderNumber> {
        let number = u64::try_from(sequence).ok().filter(|number| *number <= MASK);
        number.map(Self).ok_or(BadOrderNumber::Sequence(sequence))
    }

    pub fn sequence(self) -> i64 {
        i64::try_from(self.0).expect("it has 35 bits")
    }
}

impl fmt::Display for OrderNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scrambled = scramble(self.0);
        let digits = (0..LETTERS).rev().map(|place| scrambled >> (place * LETTER_BITS) & 31);
        let check = check_digit(digits.clone());
        let text: String = digits.chain([check]).map(letter).collect();
        let (first, second) = text.split_at(GROUP);
        write!(f, "{first}-{second}")
    }
}

/// In either case, with or without dashes and spaces.
impl FromStr for OrderNumber {
    type Err = BadOrderNumber;

    fn from_str(text: &str) -> Result<Self, BadOrderNumber> {
        let written = text.bytes().filter(|byte| !matches!(byte, b'-' | b' '));
        let digits: Vec<u64> = written.map(digit).collect::<Option<_>>().ok_or(BadOrderNumber::Form)?;
        let Some((check, digits)) = digits.split_last().filter(|(_, digits)| digits.len() == LETTERS as usize) else {
            return Err(BadOrderNumber::Form);
        };
        if *check != check_digit(digits.iter().copied()) {
            return Err(BadOrderNumber::Check);
        }
        Ok(Self(unscramble(digits.iter().fold(0, |number, digit| number << LETTER_BITS | digit))))
    }
}

fn letter(digit: u64) -> char {
    char::from(ALPHABET[usize::try_from(digit).expect("five bits")])
}

fn digit(letter: u8) -> Option<u64> {
    let letter = match letter.to_ascii_uppercase() {
        b'O' => b'0',
        b'I' | b'L' => b'1',
        letter => letter,
    };
    let place = ALPHABET.iter().position(|known| *known == letter)?;
    u64::try_from(place).ok()
}

/// A sum in the field of 32 elements, in which each place has a different weight.
fn check_digit(digits: impl Iterator<Item = u64>) -> u64 {
    digits.fold(0, |sum, digit| doubled(sum ^ digit))
}

/// The product with the generator of the field, modulo x^5 + x^2 + 1.
const fn doubled(element: u64) -> u64 {
    let product = element << 1;
    if product > 31 { product ^ 0b10_0101 } else { product }
}

const fn scramble(number: u64) -> u64 {
    let number = number.wrapping_mul(FACTOR) & MASK;
    (number ^ number >> SHIFT).wrapping_mul(FACTOR) & MASK
}

const fn unscramble(number: u64) -> u64 {
    let number = number.wrapping_mul(INVERSE) & MASK;
    (number ^ number >> SHIFT).wrapping_mul(INVERSE) & MASK
}

/// The inverse of an odd number modulo 2^35, by Newton's method: each round doubles the number of correct bits.
const fn inverse(odd: u64) -> u64 {
    let mut inverse = odd;
    let mut round = 0;
    while round < 5 {
        inverse = inverse.wrapping_mul(2_u64.wrapping_sub(odd.wrapping_mul(inverse)));
        round += 1;
    }
    inverse & MASK
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    fn number(sequence: i64) -> OrderNumber {
        OrderNumber::from_sequence(sequence).expect("35 bits")
    }

    #[test]
    fn the_numbers_that_people_have_never_change() {
        let texts: Vec<_> = [0, 1, 2, 1_000_000].map(|sequence| number(sequence).to_string()).to_vec();
        assert_eq!(texts, ["0000-0000", "DH20-6PWM", "QQMC-DDRN", "CXXQ-S2RR"]);
    }

    #[test]
    fn ten_thousand_orders_have_ten_thousand_numbers() {
        let numbers: HashSet<_> = (1..=10_000).map(|sequence| number(sequence).to_string()).collect();
        assert_eq!(numbers.len(), 10_000);
    }

    #[test]
    fn a_number_that_is_written_from_dictation_is_understood() {
        let written = number(7).to_string();
        for dictated in [
            written.to_lowercase(),
            written.replace('-', ""),
            written.replace('-', " "),
            written.replace('0', "o").replace('1', "l"),
        ] {
            assert_eq!(dictated.parse(), Ok(number(7)), "{dictated}");
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for bad in ["", "7K3M", "7K3M-9QXAA", "7K3M-9QXU", "ÄÖÜß-1234", "'; DROP"] {
            assert_eq!(bad.parse::<OrderNumber>(), Err(BadOrderNumber::Form), "{bad}");
        }
        assert!(OrderNumber::from_sequence(-1).is_err());
        assert!(OrderNumber::from_sequence(1 << BITS).is_err());
    }

    proptest! {
        #[test]
        fn a_number_is_parsed_back(sequence in 0_i64..1 << BITS) {
            prop_assert_eq!(number(sequence).to_string().parse(), Ok(number(sequence)));
        }

        #[test]
        fn a_wrong_character_and_two_exchanged_ones_are_noticed(
            sequence in 0_i64..1 << BITS, place in 0_usize..8, other in 0_usize..8, wrong in 0_usize..32,
        ) {
            let good: Vec<char> = number(sequence).to_string().chars().filter(|letter| *letter != '-').collect();
            let (mut changed, mut exchanged) = (good.clone(), good.clone());
            changed[place] = char::from(ALPHABET[wrong]);
            exchanged.swap(place, other);
            for read in [changed, exchanged] {
                let parsed = read.iter().collect::<String>().parse::<OrderNumber>();
                prop_assert_eq!(parsed.is_ok(), read == good);
            }
        }
    }
}
