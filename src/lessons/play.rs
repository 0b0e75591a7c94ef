//! A lesson while it is played: what was answered, which goals were reached, where one stands.

use std::sync::Arc;

use super::lesson::{Ask, Asked, Brought, Lesson, Step};
use super::{Lang, Seen};
use crate::report::number;

/// A lesson that is being played.
#[derive(Clone, Debug)]
pub struct Play {
    lesson: Arc<Lesson>,
    at: usize,
    /// What the learner has brought.
    brought: Brought,
    answered: Option<Answered>,
    reached: bool,
    /// Whether the goal may be looked at: not before the step has begun.
    begun: bool,
    hinted: bool,
    shown: bool,
    /// How often an answer that must be right was not.
    missed: usize,
    /// What was seen when the step was done: what is said then stays true, whatever is done afterwards.
    done: Option<Seen>,
    /// What was typed of an answer when the learner went to look around.
    draft: String,
}

/// So many wrong answers, and the right one may be shown.
const TRIES: usize = 2;

/// An answer that was taken, and the truth beside it.
#[derive(Clone, Debug, PartialEq)]
pub struct Answered {
    /// What was said.
    pub said: String,
    /// What it is.
    pub is: String,
    /// Whether that is the same.
    pub right: bool,
}

/// What a step waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// An answer.
    Ask,
    /// That its goal is reached.
    Do,
    /// Nothing: the next step may come.
    Done,
}

impl Play {
    /// A lesson from one of its steps on, with what the learner has brought.
    pub fn new(lesson: Arc<Lesson>, at: usize, brought: Brought) -> Play {
        let mut play = Play {
            lesson,
            at: 0,
            brought,
            answered: None,
            reached: false,
            begun: false,
            hinted: false,
            shown: false,
            missed: 0,
            done: None,
            draft: String::new(),
        };
        let last = play.last();
        // What is not played is skipped.
        play.at = (at.min(last)..last).find(|at| play.lesson.steps[*at].is_played(brought)).unwrap_or(last);
        play
    }

    /// The lesson.
    pub fn lesson(&self) -> &Arc<Lesson> {
        &self.lesson
    }

    /// The step that it is at.
    pub fn step(&self) -> &Step {
        &self.lesson.steps[self.at]
    }

    /// Its number, from 0 on, and how many there are.
    pub fn place(&self) -> (usize, usize) {
        (self.at, self.last() + 1)
    }

    /// The last step that is played.
    fn last(&self) -> usize {
        self.lesson.steps.iter().rposition(|step| step.is_played(self.brought)).unwrap_or(0)
    }

    /// Whether its last step is done.
    pub fn ended(&self) -> bool {
        self.at == self.last() && self.begun && self.stage() == Stage::Done
    }

    /// What the step waits for.
    pub fn stage(&self) -> Stage {
        let step = self.step();
        if step.ask.is_some() && self.answered.is_none() {
            Stage::Ask
        } else if step.goal.is_some() && !self.reached {
            Stage::Do
        } else {
            Stage::Done
        }
    }

    /// The answer that was taken.
    pub fn answered(&self) -> Option<&Answered> {
        self.answered.as_ref()
    }

    /// What was typed of an answer before the learner went to look around.
    pub fn draft(&self) -> &str {
        &self.draft
    }

    /// Keeps what was typed of an answer.
    pub fn keep_draft(&mut self, text: String) {
        self.draft = text;
    }

    /// Whether a hint was asked for.
    pub fn hinted(&self) -> bool {
        self.hinted
    }

    /// Whether the goal was reached without the learner.
    pub fn shown(&self) -> bool {
        self.shown
    }

    /// A hint is asked for. Returns whether there is one.
    pub fn hint(&mut self) -> bool {
        self.hinted = self.step().hint.is_some();
        self.hinted
    }

    /// What follows is done by the program.
    pub fn show(&mut self) {
        self.shown = true;
    }

    /// The step has begun: the instrument stands as it wants it.
    pub fn begin(&mut self) {
        self.begun = true;
    }

    /// Whether it has.
    pub fn begun(&self) -> bool {
        self.begun
    }

    /// Looks at the instrument. A goal that was reached once is reached, whatever is done afterwards; what is remembered of it
    /// is the last state in which it held. Returns whether it has just been reached.
    pub fn look(&mut self, seen: &Seen) -> bool {
        let holds =
            self.begun && self.stage() != Stage::Ask && self.step().goal.as_ref().is_some_and(|goal| goal.holds(seen));
        if holds {
            self.done = Some(seen.clone());
        }
        let now = holds && !self.reached;
        self.reached |= now;
        now
    }

    /// What was seen when the step was done. What was not known then, such as an answer that was on its way, is as it is seen
    /// now.
    pub fn remembered(&self, now: &Seen) -> Seen {
        let done = self.done.as_ref().filter(|_| self.stage() == Stage::Done);
        done.map_or_else(|| now.clone(), |done| done.or(now))
    }

    /// Whether the right answer may be shown: it must be given, and was missed more than once.
    pub fn tells(&self) -> bool {
        self.missed >= TRIES && self.stage() == Stage::Ask
    }

    /// Takes an answer.
    ///
    /// # Errors
    /// Why it is none, or not yet the right one where it must be.
    pub fn answer(&mut self, text: &str, seen: &Seen, lang: Lang) -> Result<(), String> {
        let Some(ask) = &self.step().ask else { return Ok(()) };
        let must = ask.must;
        let answered = held_against(ask, text, seen, lang)?;
        if must && !answered.right {
            self.missed += 1;
            return Err(self.not_yet(&answered, lang));
        }
        self.answered = Some(answered);
        if self.step().goal.is_none() {
            self.done = Some(seen.clone());
        }
        Ok(())
    }

    /// Why an answer that must be right is not taken.
    fn not_yet(&self, answered: &Answered, lang: Lang) -> String {
        let say = |en: String, zh: String| match lang {
            Lang::En => en,
            Lang::Zh => zh,
        };
        let why = match &self.step().ask.as_ref().map(|ask| &ask.of) {
            Some(Asked::Cells(_)) => {
                let words = answered.said.split(' ').zip(answered.is.split(' '));
                let off: Vec<String> = words
                    .enumerate()
                    .filter_map(|(at, (said, is))| {
                        let (said, is) = (said.parse().ok()?, is.parse().ok()?);
                        (!is_cell(said, is)).then(|| (at + 1).to_string())
                    })
                    .collect();
                let off = off.join(", ");
                say(format!("not yet: number {off}"), format!("第 {off} 个数不对"))
            }
            _ => say("not yet".into(), "还不对".into()),
        };
        if self.tells() {
            say(
                format!("{why}; Esc, then {{lesson}} s types it for you"),
                format!("{why}；Esc，再 {{lesson}} s 替你填上"),
            )
        } else {
            say(format!("{why}; Esc, then {{lesson}} h gives a hint"), format!("{why}；Esc，再 {{lesson}} h 给提示"))
        }
    }

    /// The right answer, as it would be typed; `None` where nothing is asked.
    pub fn truth(&self, seen: &Seen) -> Option<String> {
        Some(match &self.step().ask.as_ref()?.of {
            Asked::Number { truth, .. } => shown(truth.number(seen)),
            Asked::Choice { right, .. } => (right + 1).to_string(),
            Asked::Cells(cells) => cells.iter().map(f64::to_string).collect::<Vec<_>>().join(" "),
        })
    }

    /// Goes to the next step, or the one before. Returns whether there was one.
    pub fn go(&mut self, on: bool) -> bool {
        let played = |at: &usize| self.lesson.steps[*at].is_played(self.brought);
        let next = if on { (self.at + 1..=self.last()).find(played) } else { (0..self.at).rev().find(played) };
        if let Some(next) = next {
            *self = Play::new(self.lesson.clone(), next, self.brought);
        }
        next.is_some()
    }

    /// The step begins anew.
    pub fn reset(&mut self) {
        *self = Play::new(self.lesson.clone(), self.at, self.brought);
    }
}

/// A number as answers are told: whole ones as they are.
fn shown(x: f64) -> String {
    if x.fract() == 0.0 && x.abs() < 1e9 {
        return x.to_string();
    }
    let text = number::significant(x, 4);
    if text.contains('.') && !text.contains('e') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

/// Whether a number in a row is the right one: half a per cent off, or what three digits leave of a small one.
fn is_cell(said: f64, is: f64) -> bool {
    (said - is).abs() <= 0.005 * is.abs().max(0.1)
}

fn held_against(ask: &Ask, text: &str, seen: &Seen, lang: Lang) -> Result<Answered, String> {
    let text = text.trim();
    let say = |en: &str, zh: &str| match lang {
        Lang::En => en.to_owned(),
        Lang::Zh => zh.to_owned(),
    };
    let number = |text: &str| text.replace(['，', ','], "").parse::<f64>().ok().filter(|n| n.is_finite());
    let (said, is, right) = match &ask.of {
        Asked::Number { truth, within } => {
            let text = text.trim_end_matches('%').trim_end();
            let said = number(text).ok_or_else(|| say("type a number", "请输入一个数"))?;
            let is = truth.number(seen);
            let right = (said - is).abs() <= within * is.abs() + 1e-9;
            (shown(said), shown(is), right)
        }
        Asked::Choice { options, right } => {
            let of = |text: &str| {
                let letter = text.chars().next().filter(|_| text.chars().count() == 1)?.to_ascii_lowercase();
                let at = letter
                    .to_digit(10)
                    .map_or_else(|| (letter as usize).checked_sub('a' as usize), |n| (n as usize).checked_sub(1));
                at.filter(|at| *at < options.len())
            };
            let n = options.len();
            let said = of(text).ok_or_else(|| say(&format!("type 1 to {n}"), &format!("请输入 1 到 {n}")))?;
            let name = |at: usize| options[at].of(lang).to_owned();
            (name(said), name(*right), said == *right)
        }
        Asked::Cells(cells) => {
            let said: Option<Vec<f64>> =
                text.split([' ', ',', '，', '、', ';']).filter(|word| !word.is_empty()).map(number).collect();
            let n = cells.len();
            let said = said.filter(|said| said.len() == n).ok_or_else(|| {
                say(&format!("type {n} numbers with blanks between"), &format!("请输入 {n} 个数，用空格隔开"))
            })?;
            let right = said.iter().zip(cells).all(|(said, is)| is_cell(*said, *is));
            let list = |cells: &[f64]| cells.iter().map(f64::to_string).collect::<Vec<_>>().join(" ");
            (list(&said), list(cells), right)
        }
    };
    Ok(Answered { said, is, right })
}

#[cfg(test)]
mod tests {
    use super::super::{Known, read};
    use super::*;

    fn play(steps: &str, brought: Brought) -> Play {
        let head = "title = { en = 'T', zh = '题' }\n[[data]]\nname = 'x'\nvalues = [1.0, 2.0]\n";
        let known = Known { command: &|_| true, pages: &["curve"] };
        Play::new(Arc::new(read("x", &format!("{head}{steps}"), &known).unwrap()), 0, brought)
    }

    const TEXT: &str = "[[step]]\ntext = { en = 't', zh = '文' }\n";

    #[test]
    fn a_step_asks_then_waits_for_its_goal() {
        let more = "ask = { say = { en = 'n?', zh = '几？' }, number = 'codes', within = 0.1 }\n\
                    goal = 'by_hand'\nhint = { en = 'h', zh = 'h' }\nshow = ['undo']\nreveal = { en = 'r', zh = 'r' }\n";
        let mut play = play(&format!("{TEXT}{more}{TEXT}"), Brought::Nothing);
        let mut seen = Seen::default();
        seen.set("codes", 7.0);
        seen.set("by_hand", true);
        assert_eq!(play.stage(), Stage::Ask);
        play.begin();
        assert!(!play.look(&seen), "the question comes first");
        assert_eq!(play.answer("seven", &seen, Lang::Zh), Err("请输入一个数".into()));
        play.answer(" 6.5 ", &seen, Lang::En).unwrap();
        assert_eq!(play.answered(), Some(&Answered { said: "6.5".into(), is: "7".into(), right: true }));
        assert_eq!(play.stage(), Stage::Do);
        assert!(play.look(&seen) && play.stage() == Stage::Done);
        seen.set("codes", 9.0);
        assert!(!play.look(&seen) && play.remembered(&seen).number("codes") == 9.0, "it holds still");
        seen.set("by_hand", false);
        seen.set("codes", 11.0);
        seen.set("mse", 0.5);
        assert!(!play.look(&seen) && play.remembered(&seen).number("codes") == 9.0, "what held is remembered");
        assert_eq!(play.remembered(&seen).number("mse"), 0.5, "what was not known is seen now");
        assert!(!play.look(&seen) && play.stage() == Stage::Done, "reached is reached");
        assert!(play.go(true) && !play.go(true) && play.place() == (1, 2));
        assert!(play.go(false) && play.stage() == Stage::Ask);
    }

    #[test]
    fn answers_that_must_be_right_are_asked_again() {
        let ask = "ask = { say = { en = 'q', zh = 'q' }, cells = [2, 0, 2.5] }\nreveal = { en = 'r', zh = 'r' }\n";
        let mut play = play(&format!("{TEXT}{ask}"), Brought::Nothing);
        let seen = Seen::default();
        let mut say = |text: &str| play.answer(text, &seen, Lang::En);
        assert!(say("2 0").unwrap_err().contains("3 numbers"));
        assert!(say("2 1 2.5").unwrap_err().contains("number 2"));
        assert!(say("2 1 2").unwrap_err().contains("number 2, 3; Esc, then {lesson} s"), "two were tried");
        assert_eq!(say("2, 0, 2.5"), Ok(()));
        assert_eq!(play.truth(&seen).as_deref(), Some("2 0 2.5"));
    }

    #[test]
    fn a_choice_is_a_digit_or_a_letter() {
        let ask = "ask = { say = { en = 'q', zh = 'q' }, choice = { en = ['yes', 'no'], zh = ['是', '否'] }, right = 2 }\n\
                   reveal = { en = 'r', zh = 'r' }\n";
        let mut play = play(&format!("{TEXT}{ask}"), Brought::Nothing);
        let seen = Seen::default();
        for wrong in ["", "3", "0", "c", "yes", "é"] {
            assert!(play.answer(wrong, &seen, Lang::En).is_err(), "{wrong}");
        }
        play.answer("A", &seen, Lang::Zh).unwrap();
        let answered = play.answered().unwrap();
        assert_eq!((answered.said.as_str(), answered.is.as_str(), answered.right), ("是", "否", false));
    }

    #[test]
    fn steps_on_one_s_own_data_are_left_out_where_there_are_none() {
        let steps = format!("{TEXT}{TEXT}own = true\n");
        assert_eq!(play(&steps, Brought::Nothing).place(), (0, 1));
        assert_eq!(play(&steps, Brought::Values).place(), (0, 2));
        // A network and values each have steps of their own.
        let steps = format!("{TEXT}{TEXT}own = 'network'\n{TEXT}own = 'values'\n");
        for (brought, last) in [(Brought::Nothing, 0), (Brought::Values, 2), (Brought::Network, 1)] {
            let mut play = play(&steps, brought);
            assert_eq!((play.place(), play.go(true)), ((0, last + 1), last > 0), "{brought:?}");
            assert_eq!((play.at, play.go(true)), (last, false), "{brought:?}");
        }
    }
}
