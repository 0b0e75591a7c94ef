use std::ops::Range;

/// The columns of a plot shared out to channels: several columns each, or several channels on each column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lanes {
    /// How many channels there are; at least 1.
    pub channels: usize,
    /// How many columns there are; at least 1.
    pub columns: u16,
}

impl Lanes {
    /// Shares `columns` out to `channels`.
    pub fn new(channels: usize, columns: u16) -> Lanes {
        Lanes { channels: channels.max(1), columns: columns.max(1) }
    }

    /// The columns that show a channel, without the blank between it and the next where there is room for one.
    pub fn of(&self, channel: usize) -> Range<u16> {
        let start = |channel: usize| (channel * usize::from(self.columns) / self.channels) as u16;
        let (first, next) = (start(channel), start(channel + 1));
        first..if next > first + 2 { next - 1 } else { next.max(first + 1) }
    }

    /// The channels that a column shows, one where there are columns enough.
    pub fn at(&self, column: u16) -> Range<usize> {
        let (column, columns) = (usize::from(column), usize::from(self.columns));
        // The first channel that begins on this column, and on the next.
        let first = |column: usize| (column * self.channels).div_ceil(columns);
        let (begins, next) = (first(column), first(column + 1));
        if begins < next { begins..next } else { next - 1..next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_channel_stands_on_the_columns_that_show_it() {
        for channels in 1..300 {
            for columns in [1, 2, 3, 52, 97] {
                let lanes = Lanes::new(channels, columns);
                for channel in 0..channels {
                    let own = lanes.of(channel);
                    assert!(!own.is_empty() && own.end <= columns, "{channels} {columns} {channel}");
                    assert!(own.into_iter().all(|c| lanes.at(c).contains(&channel)), "{channels} {columns} {channel}");
                }
                let shown: usize = (0..columns).map(|c| lanes.at(c).len()).sum();
                assert!(shown >= channels && (0..columns).all(|c| !lanes.at(c).is_empty()), "{channels} {columns}");
            }
        }
    }
}
