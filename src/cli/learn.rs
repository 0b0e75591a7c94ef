//! `qviz learn`: the lessons, on the screen, in a list, and checked for their authors.

use std::io::{IsTerminal, stdout};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::config::Config;
use super::learning::LearnArgs;
use super::look::Looks;
use super::open;
use super::out::{Failed, print};
use super::teacher::{Teacher, is_network};
use super::usage::Usage;
use crate::journal::state_folder;
use crate::lessons::{Brought, Complaint, Known, Lang, Lesson, Progress, bundled, read};
use crate::report::{self, visible};
use crate::tui::command::by_id;
use crate::tui::learn::{Entry, Learn};
use crate::tui::mode::Mode;
use crate::tui::model::{Model, Opens};
use crate::tui::rehearse;
use crate::tui::seen::PAGES;
use crate::tui::{self, app};

pub(super) fn learn(args: LearnArgs, config: &Config, lang: Lang, opens: Opens) -> Result<u8, Failed> {
    if let Some(file) = &args.check {
        return check(file);
    }
    let course = match &args.file {
        Some(file) => vec![own(file)?],
        None => course(),
    };
    let place = progress_file();
    let progress = place.as_deref().map_or_else(Progress::default, progress);
    if args.list {
        return list(&course, &progress, lang);
    }
    let wanted = args.lesson.as_deref().map(|word| which(&course, word)).transpose().map_err(Usage)?;
    if !stdout().is_terminal() {
        return list(&course, &progress, lang);
    }
    let own: Vec<PathBuf> = args.paths.into_iter().chain(args.data).collect();
    if !own.is_empty() && own.iter().all(|path| is_network(path)) {
        let network = visible(&own[0].to_string_lossy());
        return Err(Usage(format!("{network} is a network; what it reads is missing: --data SAMPLES.npy.")).into());
    }
    let looks = Looks::find(&args.look, &config.look);
    // A terminal that shows no other letters is told of it in English.
    let lang = if looks.look().glyphs.ascii { Lang::En } else { lang };
    let mut learn = Learn::new(lang, course, progress, brought(&own));
    let mut teacher = Teacher::new(own);
    let mut opened = |at: usize| {
        learn.course[at].lesson.as_ref().map_err(String::clone).and_then(|lesson| teacher.open(lesson, false))
    };
    // Behind the list any lesson will do, and one that cannot be opened keeps nobody from the others.
    let candidates = wanted.map_or_else(|| vec![learn.at, 0], |at| vec![at]);
    let mut found = Err(String::new());
    let mut at = learn.at;
    for candidate in candidates {
        (at, found) = (candidate, opened(candidate));
        if found.is_ok() {
            break;
        }
    }
    let opening = found.map_err(Usage)?;
    let mut model = Model::new(opening.session, opening.title, looks.look(), (0, 0));
    model.mouse = !args.no_mouse && config.look.mouse.unwrap_or(true);
    model.keys = config.keys.clone();
    model.lang = lang;
    // One that was named begins at once; else the list says what there is.
    if wanted.is_none() && args.file.is_none() {
        model.mode = Mode::Lessons { at };
    }
    learn.begin(at);
    model.into_network = opening.into_network;
    model.opens = Some(opens);
    model.learn = Some(Box::new(learn));
    let keep = move |text: &str| match &place {
        Some(place) => keep(place, text),
        None => Err("how far you are cannot be written down: there is no home folder".to_owned()),
    };
    let teacher =
        tui::teacher::Teacher { open: Box::new(move |lesson, own| teacher.open(lesson, own)), keep: Box::new(keep) };
    let ended = app::run(model, opening.start, None, &|_| Ok(()), None, looks.ask, Some(teacher))?;
    open::after(ended)
}

/// The bundled lessons.
fn course() -> Vec<Entry> {
    let entry = |(id, text): &(&str, &str)| Entry {
        id: (*id).to_owned(),
        lesson: lesson(id, text).map(Arc::new).map_err(|found| in_a_sentence(id, &found)),
    };
    bundled().iter().map(entry).collect()
}

/// Reads a lesson by what the screen knows.
fn lesson(id: &str, text: &str) -> Result<Lesson, Vec<Complaint>> {
    let pages = PAGES.map(|(page, _)| page);
    read(id, text, &Known { command: &|id| by_id(id).is_some(), pages: &pages })
}

fn in_a_sentence(name: &str, found: &[Complaint]) -> String {
    let first = found.first().map_or(String::new(), |first| format!(" line {}: {}", first.line, visible(&first.why)));
    format!("{} cannot be played:{first}; qviz learn --check FILE says all.", visible(name))
}

/// More than any lesson is long.
const LONGEST: u64 = 4 << 20;

/// The text of an author's file.
fn text_of(file: &Path) -> Result<String, Usage> {
    let name = visible(&file.to_string_lossy());
    let length = std::fs::metadata(file).map_err(|error| Usage(format!("{name} cannot be read: {error}.")))?.len();
    if length > LONGEST {
        return Err(Usage(format!("{name} is no lesson: it has {}.", report::number::bytes(length))));
    }
    let bytes = std::fs::read(file).map_err(|error| Usage(format!("{name} cannot be read: {error}.")))?;
    String::from_utf8(bytes).map_err(|_| Usage(format!("{name} is no text in UTF-8.")))
}

fn id_of(file: &Path) -> String {
    file.file_stem().map_or_else(|| "lesson".to_owned(), |stem| stem.to_string_lossy().into_owned())
}

fn own(file: &Path) -> Result<Entry, Usage> {
    let id = id_of(file);
    match lesson(&id, &text_of(file)?) {
        Ok(lesson) => Ok(Entry { id, lesson: Ok(Arc::new(lesson)) }),
        Err(found) => Err(Usage(complaints(file, &found))),
    }
}

/// A line for each complaint, as compilers have them.
fn complaints(file: &Path, found: &[Complaint]) -> String {
    let name = visible(&file.to_string_lossy());
    let line = |c: &Complaint| format!("{name}:{}: {}", c.line, visible(&c.why));
    found.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Plays a lesson without a screen.
fn check(file: &Path) -> Result<u8, Failed> {
    let text = text_of(file)?;
    let found = rehearsed(&id_of(file), &text);
    if found.is_empty() {
        print(&format!("{}: nothing is wrong\n", visible(&file.to_string_lossy())))?;
        return Ok(0);
    }
    print(&format!("{}\n", complaints(file, &found)))?;
    Ok(1)
}

/// What is wrong with a lesson: as it is written, or else as it is played, in every language on screens of three sizes.
pub fn rehearsed(id: &str, text: &str) -> Vec<Complaint> {
    let lesson = match lesson(id, text) {
        Ok(lesson) => Arc::new(lesson),
        Err(found) => return found,
    };
    // A layer more, which the lesson does not know, stands for the learner's own data.
    let mut taught = Lesson::clone(&lesson);
    if let Some(mut own) = taught.data.last().cloned().filter(|_| taught.steps.iter().any(|step| step.own.is_some())) {
        own.name = "your own data".to_owned();
        taught.data.push(own);
    }
    let mut teacher = Teacher::new(Vec::new());
    // So does the lesson's own network.
    let mut open = move |_: &Lesson, _: bool| teacher.open(&taught, false);
    rehearse::rehearse(&lesson, &mut open).unwrap_or_else(|why| vec![Complaint { line: 1, why }])
}

/// What the learner's files are.
fn brought(own: &[PathBuf]) -> Brought {
    match own.iter().any(|path| is_network(path)) {
        true => Brought::Network,
        false if own.is_empty() => Brought::Nothing,
        false => Brought::Values,
    }
}

/// The lesson that a word means.
fn which(course: &[Entry], word: &str) -> Result<usize, String> {
    let number = word.parse().ok().filter(|n: &usize| (1..=course.len()).contains(n)).map(|n| n - 1);
    let named = || {
        let mut found = course.iter().enumerate().filter(|(_, entry)| entry.id.contains(word));
        found.next().map(|(at, _)| at).filter(|_| found.next().is_none())
    };
    number.or_else(named).ok_or_else(|| {
        let names: Vec<&str> = course.iter().map(|entry| entry.id.as_str()).collect();
        format!("there is no lesson {}; there are 1 to {}: {}.", visible(word), course.len(), names.join(", "))
    })
}

fn list(course: &[Entry], progress: &Progress, lang: Lang) -> Result<u8, Failed> {
    let row = |(at, entry): (usize, &Entry)| {
        let far = progress.of(&entry.id);
        let state = match (&entry.lesson, far.done, far.step) {
            (Err(_), ..) => "broken".to_owned(),
            (_, true, _) => "done".to_owned(),
            (_, _, 0) => "-".to_owned(),
            (Ok(lesson), _, step) => format!("{step}/{}", lesson.played(Brought::Nothing).max(step)),
        };
        format!("{:>2}  {state:<6}  {:<26}  {}\n", at + 1, entry.id, entry.title().of(lang))
    };
    print(&course.iter().enumerate().map(row).collect::<String>())?;
    Ok(0)
}

/// Where progress is kept.
fn progress_file() -> Option<PathBuf> {
    state_folder().map(|folder| folder.join("learn"))
}

/// What was written of it; a file that cannot be read is none.
fn progress(place: &Path) -> Progress {
    let small = std::fs::metadata(place).is_ok_and(|file| file.len() < LONGEST);
    let text = small.then(|| std::fs::read(place).ok()).flatten().unwrap_or_default();
    Progress::read(&String::from_utf8_lossy(&text))
}

fn keep(place: &Path, text: &str) -> Result<(), String> {
    let told = |why: String| format!("how far you are cannot be written down: {}", visible(&why));
    if let Some(folder) = place.parent() {
        std::fs::create_dir_all(folder).map_err(|error| told(error.to_string()))?;
    }
    report::save(place, text.as_bytes(), true).map_err(|error| told(error.to_string()))
}
