//! How many bytes may still pass before a cut.
//!
//! Guarantees that exactly the number asked for passes, also where several connections share it.

use std::sync::{Mutex, PoisonError};

use crate::fault::{Both, Cut, CutAfter, Direction};

/// The cuts that are set, shared by all connections of a proxy.
#[derive(Debug, Default)]
pub(crate) struct Allowance {
    armed: Mutex<Both<Option<Armed>>>,
}

#[derive(Debug)]
struct Armed {
    generation: u64,
    after: CutAfter,
    cut: Cut,
    random: fastrand::Rng,
}

/// What one connection has left in one direction.
#[derive(Debug, Default)]
pub(crate) struct Share {
    generation: u64,
    left: u64,
}

/// The answer to the wish to pass some bytes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Grant {
    /// So many may pass.
    pub(crate) bytes: usize,
    /// After them, the connection ends like this.
    pub(crate) cut: Option<Cut>,
}

impl Allowance {
    /// Sets or clears the cut of a direction. `generation` must be new and above zero.
    pub(crate) fn set(&self, direction: Direction, generation: u64, cut: Option<(CutAfter, Cut)>) {
        let armed = cut.map(|(after, cut)| {
            let seed = if let CutAfter::Random { seed, .. } = after {
                seed
            } else {
                0
            };
            Armed {
                generation,
                after,
                cut,
                random: fastrand::Rng::with_seed(seed),
            }
        });
        *self.lock().get_mut(direction) = armed;
    }

    /// Takes up to `want` bytes out of what is left.
    pub(crate) fn take(&self, direction: Direction, share: &mut Share, want: usize) -> Grant {
        let mut lock = self.lock();
        let slot = lock.get_mut(direction);
        let Some(armed) = slot else {
            return Grant {
                bytes: want,
                cut: None,
            };
        };
        let cut = armed.cut;
        if let CutAfter::Once(left) = &mut armed.after {
            let grant = draw(left, want, cut);
            if grant.cut.is_some() {
                *slot = None;
            }
            return grant;
        }
        if share.generation != armed.generation {
            *share = Share {
                generation: armed.generation,
                left: armed.first_share(),
            };
        }
        draw(&mut share.left, want, cut)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Both<Option<Armed>>> {
        self.armed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Armed {
    fn first_share(&mut self) -> u64 {
        match &self.after {
            CutAfter::Once(bytes) | CutAfter::Each(bytes) => *bytes,
            CutAfter::Random { range, .. } if range.is_empty() => range.start,
            CutAfter::Random { range, .. } => self.random.u64(range.clone()),
        }
    }
}

fn draw(left: &mut u64, want: usize, cut: Cut) -> Grant {
    let bytes = usize::try_from(*left).unwrap_or(usize::MAX).min(want);
    *left = left.saturating_sub(bytes as u64);
    Grant {
        bytes,
        cut: (*left == 0).then_some(cut),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn once_is_shared_by_all_connections_and_then_gone() {
        let allowance = Allowance::default();
        allowance.set(
            Direction::ToHost,
            1,
            Some((CutAfter::Once(10), Cut::Finish)),
        );
        let (mut one, mut two) = (Share::default(), Share::default());
        assert_eq!(
            allowance.take(Direction::ToHost, &mut one, 6),
            Grant {
                bytes: 6,
                cut: None
            }
        );
        let end = Grant {
            bytes: 4,
            cut: Some(Cut::Finish),
        };
        assert_eq!(allowance.take(Direction::ToHost, &mut two, 6), end);
        assert_eq!(
            allowance.take(Direction::ToHost, &mut two, 6),
            Grant {
                bytes: 6,
                cut: None
            }
        );
        assert_eq!(
            allowance.take(Direction::ToClient, &mut two, 6),
            Grant {
                bytes: 6,
                cut: None
            }
        );
    }

    #[test]
    fn a_seed_draws_the_same_numbers_inside_the_range() {
        let draws = |seed| {
            let allowance = Allowance::default();
            let after = CutAfter::Random { range: 5..50, seed };
            allowance.set(Direction::ToClient, 1, Some((after, Cut::Reset)));
            let take = |_| {
                allowance
                    .take(Direction::ToClient, &mut Share::default(), 1000)
                    .bytes
            };
            (0..20).map(take).collect::<Vec<_>>()
        };
        assert_eq!(draws(7), draws(7));
        assert_ne!(draws(7), draws(8));
        assert!(draws(7).iter().all(|n| (5..50).contains(n)));
    }
}
