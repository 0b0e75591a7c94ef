//! What goes on in the background, listed and stopped piece by piece; and notes, which are never cut.

use std::time::Duration;

use crossterm::event::{Event, KeyCode};
use qviz::jobs::{Left, News, Stop, Told};
use qviz::quant::Format;
use qviz::session::Failure;
use qviz::tui::msg::{Cmd, Msg, Unwritten, Written};
use qviz::tui::{notes, work};

use super::support::Story;

fn trial(story: &mut Story, news: News) {
    story.tell(Msg::Job(Told::Trial(news)));
}

/// The rows of the page.
fn listed(story: &Story) -> Vec<String> {
    work::pieces(&story.model).into_iter().map(|piece| piece.title).collect()
}

#[test]
fn each_piece_of_work_is_listed_with_its_progress_and_stopped_alone() {
    let mut s = Story::of_network((160, 45));
    assert_eq!(listed(&s), ["outputs, everything as chosen"]);
    s.keys("r");
    trial(&mut s, News::Begun(Left { steps: 12, time: Some(Duration::from_secs(125)) }));
    assert!(s.notice().contains("about 2 min 05 s; S stops, and keeps what was found"), "{}", s.notice());
    s.keys("x");
    s.tell(Msg::Writing("net.onnx".into()));
    assert!(s.notice().contains("writing net.onnx"), "{}", s.notice());
    let name = s.model.selected().unwrap().name().to_owned();
    let measuring = format!("measuring {name}");
    assert_eq!(listed(&s), ["sensitivity", &measuring, "writing net.onnx", "outputs, everything as chosen"]);
    s.press(KeyCode::Esc);
    assert!(s.screen().contains("& work 4"), "{}", s.screen());

    s.keys("&");
    let screen = s.screen();
    for fact in ["at work", "0/12", "2 min 05 s left", "S stop", &measuring, "writing net.onnx", "4 pieces"] {
        assert!(screen.contains(fact), "{fact}\n{screen}");
    }
    let (key, share) = (s.model.selected().unwrap().key.clone(), 0.25);
    s.tell(Msg::Job(Told::Progress { key: key.clone(), share, left: Some(Duration::from_secs(9)) }));
    assert!(s.screen().contains("25 %") && s.screen().contains("9.0 s left"), "{}", s.screen());
    // The one under the cursor, and no other.
    for (stop, title) in [(Cmd::Stop(Stop::Long), "sensitivity"), (Cmd::Stop(Stop::Values), &measuring)] {
        s.cmds.clear();
        s.keys("S");
        assert_eq!(s.cmds, [stop], "{title}");
        s.keys("j");
    }
    s.cmds.clear();
    s.keys("S");
    assert_eq!(s.cmds, [Cmd::StopWriting]);
    assert_eq!(s.screen().matches("stopping…").count(), 4, "three rows and the header\n{}", s.screen());
    s.cmds.clear();
    s.keys("S");
    assert!(s.cmds.is_empty() && s.notice().contains("waited for"), "{}", s.notice());
    s.keys("jS");
    assert_eq!(s.cmds, [Cmd::Stop(Stop::Whole)]);
    // As each ends it leaves the list.
    trial(&mut s, News::SensitivityEnd(Ok(())));
    let why = Failure { kind: qviz::ErrorKind::Incomplete, file: String::new(), message: "It was stopped.".into() };
    s.arrive(qviz::session::Arrival::Measured { key, result: Err(why) });
    s.tell(Msg::NetworkWritten(Err(Unwritten { message: "net.onnx was not written".into(), exists: false })));
    assert!(s.notice().contains("net.onnx was not written"));
    let params = s.model.session.params();
    trial(&mut s, News::WholeStopped { params });
    assert!(listed(&s).is_empty(), "{:?}", listed(&s));
    s.keys("\u{1b}");
    assert!(s.screen().contains("nothing goes on in the background"), "{}", s.screen());
    // What is still to be said is put away before the page.
    for _ in 0..3 {
        s.press(KeyCode::Esc);
    }
    assert!(!s.model.plot.page.covers());
}

#[test]
fn what_needs_values_is_listed_until_it_comes() {
    let mut s = Story::bundled();
    s.select("06.conv11.hswish");
    s.keys("x");
    assert_eq!(listed(&s), ["measuring 06.conv11.hswish"]);
    s.measure();
    assert!(listed(&s).is_empty());
    s.keys("A").keys("1").press(KeyCode::Enter);
    assert_eq!(listed(&s), ["channels of 06.conv11.hswish"]);
    // Elsewhere S stops what there is.
    s.keys("S");
    assert_eq!(s.cmds.pop(), Some(Cmd::Stop(Stop::Values)));
    s.keys("S");
    assert!(s.notice().contains("this has to be waited for"), "{}", s.notice());
}

#[test]
fn leaving_waits_for_the_network_that_is_written() {
    let mut s = Story::of_network((160, 45));
    s.tell(Msg::Writing("net.onnx".into()));
    let written = || Written { path: "net.onnx".into(), tensors: 3, said: vec!["3 tensors.".into()], keeps_all: false };
    s.tell(Msg::NetworkWritten(Ok(written())));
    assert_eq!(s.notice(), "net.onnx: 3 tensors");
    assert!(!s.cmds.contains(&Cmd::Quit));
    // Asked for at the question before leaving, it leaves when it is there.
    s.keys("=1").press(KeyCode::Enter).keys("qe");
    s.tell(Msg::Writing("net.onnx".into()));
    assert!(s.notice().contains("and leaving then"), "{}", s.notice());
    s.tell(Msg::NetworkWritten(Ok(written())));
    assert!(s.cmds.contains(&Cmd::Quit));
}

#[test]
fn notes_are_never_cut() {
    let mut s = Story::of(qviz::cli::bundled(), Format::INT8, (120, 24));
    s.select("11.softmax");
    let all = notes::sentences(&s.model);
    assert!(all.len() > 1, "{}", all.len());
    let screen = s.screen();
    assert!(screen.contains("more line") && screen.contains("K reads all"), "{screen}");
    s.keys("K");
    let flat = |screen: String| screen.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut seen = flat(s.screen());
    for _ in 0..20 {
        s.press(KeyCode::PageDown);
        seen += &flat(s.screen());
    }
    for (sentence, _) in &all {
        let last = sentence.rsplit(' ').next().unwrap();
        assert!(seen.contains(last), "{sentence}\n{seen}");
    }
    // The page scrolls no further than its end, and other layers have theirs.
    let end = s.screen();
    s.press(KeyCode::PageDown);
    assert_eq!(s.screen(), end);
    s.event(Event::Resize(200, 60));
    for (sentence, _) in &all {
        assert!(flat(s.screen()).contains(&sentence[..sentence.len().min(60)]), "{sentence}\n{}", s.screen());
    }
    s.keys("k");
    assert!(s.screen().contains("notes 10.logits"), "{}", s.screen());
}
