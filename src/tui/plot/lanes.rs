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

    /// Columns of one channel, where there are enough.
    fn width(&self) -> usize {
        usize::from(self.columns) / self.channels
    }

    /// The columns that show a channel, without the blank between it and the next.
    pub fn of(&self, channel: usize) -> Range<u16> {
        match self.width() {
            0 => {
                let column = (channel * usize::from(self.columns) / self.channels) as u16;
                column..column + 1
            }
            width => {
                let start = (channel * width) as u16;
                start..start + (width - usize::from(width > 2)) as u16
            }
        }
    }

    /// The channels that a column shows; empty behind the last one.
    pub fn at(&self, column: u16) -> Range<usize> {
        let column = usize::from(column);
        match self.width() {
            0 => {
                let (n, columns) = (self.channels, usize::from(self.columns));
                (column * n).div_ceil(columns)..((column + 1) * n).div_ceil(columns)
            }
            width => {
                let channel = column / width;
                if channel < self.channels { channel..channel + 1 } else { 0..0 }
            }
        }
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
                assert!(shown >= channels, "{channels} {columns}");
            }
        }
    }
}
