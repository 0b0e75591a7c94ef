//! Message stories: what the user does, then what the session holds. No terminal.
#![cfg(feature = "tui")]

mod support;

use crossterm::event::{Event, KeyCode, KeyModifiers, MouseButton, MouseEventKind};
use qviz::figure::Handle;
use qviz::jobs::Request;
use qviz::quant::{Clip, Format};
use qviz::session::{Imported, Key, Kind, Known, Overlay, OverlayRange, Reason, Session, Taker, Target};
use qviz::tui::look::Ground;
use qviz::tui::mode::{Mode, Picture};
use qviz::tui::msg::{Cmd, Msg, Unwritten, Written};
use qviz::tui::update::layout;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use support::Story;

const LAYER: &str = "06.conv11.hswish";

/// The key of a layer by its row.
fn key(layer: usize, s: &Story) -> Key {
    s.model.session.layers()[layer].key.clone()
}

fn story() -> Story {
    let mut story = Story::bundled();
    story.select(LAYER);
    story
}

#[test]
fn a_drag_follows_the_pointer_and_is_one_undo_entry() {
    let mut s = story();
    let (own, at) = (s.amax(), s.line());
    s.grab(at);
    assert!(matches!(s.model.mode, Mode::Drag { .. }));
    let mut last = own;
    for column in at + 1..at + 9 {
        s.drag_to(column);
        assert_eq!(s.line(), column, "the line is under the pointer");
        assert!(s.amax() > last);
        last = s.amax();
    }
    assert_eq!(s.model.session.history_len(), (0, 0), "nothing is recorded while it is held");
    s.release(at + 8);
    assert_eq!(s.model.session.history_len(), (1, 0));
    let choice = s.ready().decision();
    assert!(choice.edited && choice.method == "entropy");
    // Clip on the screen, in the report and in the export: one number.
    let number = s.document()["tensors"][6]["chosen"]["amax"].as_f64().unwrap();
    assert_eq!(number.to_string(), last.to_string());
    assert!(s.screen().contains(&format!("clip {}", qviz::report::number::significant(f64::from(last), 4))));
    s.keys("u");
    assert_eq!((s.amax(), s.ready().decision().edited), (own, false));
    s.keys("U");
    assert_eq!(s.amax(), last);
}

#[test]
fn esc_and_the_right_button_put_a_drag_back() {
    for right in [false, true] {
        let mut s = story();
        let (own, at) = (s.amax(), s.line());
        s.grab(at + 1).drag_to(at + 20);
        assert_ne!(s.amax(), own);
        if right {
            s.mouse(MouseEventKind::Down(MouseButton::Right), at + 20);
        } else {
            s.press(KeyCode::Esc);
        }
        assert_eq!(s.amax(), own);
        assert!(matches!(s.model.mode, Mode::Normal));
        // The button is still down: what it does now moves nothing.
        s.drag_to(at + 30).release(at + 30);
        assert_eq!((s.amax(), s.model.session.history_len()), (own, (0, 0)));
    }
}

#[test]
fn pressing_beside_the_line_reads_a_column_and_moves_nothing() {
    let mut s = story();
    let (own, at) = (s.amax(), s.line());
    s.grab(at - 10).drag_to(at).release(at);
    assert_eq!(s.amax(), own);
    assert!(s.screen().contains(" values, "), "the readout of the column");
    s.press(KeyCode::Esc);
    assert!(s.model.plot.inspect.is_none());
}

#[test]
fn a_drag_goes_on_through_a_resize() {
    let mut s = story();
    let at = s.line();
    s.grab(at).drag_to(at + 3);
    let held = s.amax();
    for (w, h) in [(100, 30), (30, 5), (0, 0), (200, 60), (84, 24)] {
        s.event(Event::Resize(w, h));
        assert_eq!(s.amax(), held);
        s.draw();
    }
    let line = s.line();
    s.drag_to(line + 2);
    assert!(s.amax() > held);
    s.release(line + 2);
    assert_eq!(s.model.session.history_len(), (1, 0));
}

#[test]
fn keys_move_by_column_ten_and_bin() {
    let mut s = story();
    let at = s.line();
    s.keys("l");
    assert_eq!(s.line(), at + 1);
    s.keys("hh");
    assert_eq!(s.line(), at - 1);
    s.keys("L");
    assert_eq!(s.line(), at + 9);
    s.key(KeyCode::Left, KeyModifiers::SHIFT);
    assert_eq!(s.line(), at - 1);
    assert_eq!(s.model.session.history_len().0, 1, "a run of moves is one entry");
    let edges = s.model.session.focus(&Target::Tensor(key(6, &s))).unwrap().edges().to_vec();
    let bin = edges.partition_point(|e| *e < s.amax());
    assert_eq!(edges[bin], s.amax(), "columns wider than a bin stop at edges");
    s.keys("...");
    assert_eq!(s.amax(), edges[bin + 3]);
    s.keys(",,,,");
    assert_eq!(s.amax(), edges[bin - 1]);
    assert!(!s.ready().metrics().prorated);
    // To both ends, and no further.
    s.keys(&"H".repeat(40));
    assert!(s.amax() > 0.0 && s.line() == 0);
    s.keys(&"L".repeat(40));
    assert_eq!(s.amax(), s.ready().stats().amax());
}

#[test]
fn a_typed_number_is_the_clip_even_beyond_the_data() {
    let mut s = story();
    s.keys("=3.25").press(KeyCode::Enter);
    assert_eq!(s.amax(), 3.25);
    assert!(s.ready().metrics().prorated, "inside a bin");
    assert!(s.screen().contains('~'));
    s.keys("=20").press(KeyCode::Enter);
    assert_eq!(s.amax(), 20.0);
    assert!(s.model.figure().unwrap().axis.hi >= 20.0, "the axis shows it");
    for (wrong, why) in [("abc", "not a number"), ("0", "no range"), ("nan", "finite"), ("inf", "finite")] {
        s.keys("=").keys(wrong).press(KeyCode::Enter);
        assert!(s.notice().contains(why), "{wrong}: {}", s.notice());
        s.press(KeyCode::Esc);
        assert_eq!(s.amax(), 20.0);
    }
    s.keys("=");
    s.event(Event::Paste("1e-3\n".into()));
    s.press(KeyCode::Enter);
    assert_eq!(s.amax(), 1e-3);
}

#[test]
fn minima_are_exact_and_on_the_way() {
    let mut s = story();
    s.keys("HHHHHH");
    let kl = |s: &Story| s.ready().metrics().kl.unwrap();
    let mut seen = vec![kl(&s)];
    for _ in 0..5 {
        let before = s.amax();
        s.keys("n");
        assert!(s.amax() > before);
        seen.push(kl(&s));
    }
    s.keys("p");
    assert_eq!(kl(&s), seen[4], "back to the one before");
    // The SQNR's minimum is a maximum.
    s.press(KeyCode::BackTab).keys("HHHHHHHHHH").keys("n");
    let best = s.ready().metrics().sqnr_db;
    s.keys("ll");
    assert!(s.ready().metrics().sqnr_db < best);
}

#[test]
fn methods_snap_and_give_their_value_back() {
    let mut s = story();
    let own = s.amax();
    let clip = |s: &Story, id: &str| s.ready().candidate(id).unwrap().outcome.as_ref().unwrap().clip.amax();
    s.keys("4");
    assert_eq!((s.amax(), s.ready().decision().method.as_str()), (clip(&s, "mse"), "mse"));
    s.keys("lll");
    assert!(s.ready().decision().edited);
    s.keys("0");
    assert_eq!((s.amax(), s.ready().decision().edited), (clip(&s, "mse"), false));
    s.keys("]");
    assert_eq!(s.amax(), clip(&s, "max"), "the next mark to the right");
    s.keys("]");
    assert!(s.notice().contains("no method"));
    s.keys("[[");
    assert_eq!(s.amax(), clip(&s, "percentile-99.99"));
    s.keys("uuuuuu");
    assert_eq!(s.amax(), own);
    s.keys("9");
    assert!(s.notice().contains("fewer methods"));
    // Dragging onto a mark takes the method's exact value.
    let column = s.model.figure().unwrap().axis.column(f64::from(clip(&s, "mse"))).unwrap();
    let at = s.line();
    s.grab(at).drag_to(column).release(column);
    assert_eq!(s.amax(), clip(&s, "mse"));
}

#[test]
fn a_row_of_the_table_takes_its_method() {
    let mut s = story();
    let lines: Vec<String> = s.screen().lines().map(String::from).collect();
    let row = lines.iter().position(|l| l.contains("percentile-99.99")).unwrap() as u16;
    s.mouse_at(MouseEventKind::Down(MouseButton::Left), 5, row);
    assert_eq!(s.ready().decision().method, "percentile-99.99");
}

#[test]
fn layers_are_sorted_filtered_and_switched_off() {
    let mut s = story();
    let shown = |s: &Story| -> Vec<String> {
        s.model.list.order.iter().map(|l| s.model.session.layers()[*l].name().to_owned()).collect()
    };
    assert_eq!(shown(&s)[0], "00.input");
    s.keys("s");
    assert_eq!(shown(&s)[0], "09.conv12.scaled", "worst first");
    s.keys("g");
    assert_eq!(s.model.session.layers()[s.model.list.selected].name(), "09.conv12.scaled");
    s.keys("o");
    assert!(!s.ready().decision().quantized);
    assert_eq!(s.document()["tensors"][9]["chosen"]["quantized"], false);
    assert_ne!(shown(&s)[0], "09.conv12.scaled", "a layer in float has no error to sort by");
    s.keys("u");
    assert!(s.ready().decision().quantized);
    s.keys("ss/HSWISH");
    assert_eq!(shown(&s), ["02.conv1.hswish", "06.conv11.hswish"]);
    s.press(KeyCode::Enter).keys("j");
    assert_eq!(s.model.session.layers()[s.model.list.selected].name(), "06.conv11.hswish");
    s.press(KeyCode::Esc);
    assert_eq!(shown(&s).len(), 12);
    s.keys("/nothing");
    assert!(s.screen().contains("no layer has this"));
    s.press(KeyCode::Esc);
    assert_eq!(shown(&s).len(), 12, "Esc goes back to what the filter was");
    s.keys("G");
    assert_eq!(s.model.session.layers()[s.model.list.selected].name(), "11.softmax");
}

#[test]
fn clicking_and_scrolling_the_list() {
    let mut s = story();
    s.mouse_at(MouseEventKind::Down(MouseButton::Left), 5, 4);
    assert_eq!(s.model.session.layers()[s.model.list.selected].name(), "02.conv1.hswish");
    s.event(Event::Resize(160, 20));
    let selected = s.model.list.selected;
    s.mouse_at(MouseEventKind::ScrollDown, 5, 4);
    assert!(s.model.list.top > 0 && s.model.list.selected == selected);
}

#[test]
fn zooming_asks_for_finer_bins_and_shows_them() {
    let mut s = story();
    let at = s.line();
    let whole = s.model.figure().unwrap().axis;
    for _ in 0..6 {
        s.mouse(MouseEventKind::ScrollUp, at);
    }
    let axis = s.model.figure().unwrap().axis;
    assert!(axis.step() < whole.step() / 8.0);
    assert!((axis.centre(at) - whole.centre(at)).abs() < axis.step() / 2.0, "what is under the pointer stays there");
    let fine = Cmd::Request(Request::Fine { key: s.key_of(6), bins: 32_768 });
    assert_eq!(s.cmds.iter().filter(|c| **c == fine).count(), 1);
    let mass: f64 = s.model.figure().unwrap().counts.iter().sum();
    s.read_fine(6, 32_768);
    let figure = s.model.figure().unwrap();
    assert!(figure.fine);
    assert!((figure.counts.iter().sum::<f64>() - mass).abs() < mass * 0.2 + 5.0);
    // Panning with the right button: the value under the pointer goes along.
    let value = axis.centre(at);
    s.mouse(MouseEventKind::Down(MouseButton::Right), at);
    s.mouse(MouseEventKind::Drag(MouseButton::Right), at - 10);
    s.mouse(MouseEventKind::Up(MouseButton::Right), at - 10);
    assert_eq!(s.model.figure().unwrap().axis.column(value), Some(at - 10));
    // The clip does not get lost: the window goes after it.
    s.keys("1");
    assert!(s.line() < axis.columns);
    s.keys("z");
    assert_eq!(s.model.figure().unwrap().axis, whole);
    s.keys("z");
    assert!(s.notice().contains("whole range"));
}

#[test]
fn affine_has_two_handles() {
    let affine = Format::INT8.with_symmetric(false);
    let mut s = Story::of(qviz::cli::bundled(), affine, (160, 45));
    s.select("04.conv3.dw").keys("1");
    let clip = s.ready().decision().clip;
    assert!(clip.min() < 0.0 && clip.max() > 0.0 && clip.min() != -clip.max());
    let axis = s.model.figure().unwrap().axis;
    let (left, right) = (axis.column(f64::from(clip.min())).unwrap(), axis.column(f64::from(clip.max())).unwrap());
    s.grab(left).drag_to(left + 5).release(left + 5);
    assert!(s.ready().decision().clip.min() > clip.min() && s.ready().decision().clip.max() == clip.max());
    assert_eq!(s.model.plot.handle, Handle::Min);
    s.grab(right).drag_to(right - 5).release(right - 5);
    assert!(s.ready().decision().clip.max() < clip.max());
    assert_eq!(s.model.session.history_len(), (3, 0), "the method and two drags");
    assert_eq!(s.ready().metrics().kl, None);
    s.keys("t");
    assert_eq!(s.model.plot.handle, Handle::Min);
    let before = s.ready().decision().clip;
    s.keys("l.");
    assert!(s.ready().decision().clip.min() > before.min() && s.ready().decision().clip.max() == before.max());
    s.keys("=-2").press(KeyCode::Enter);
    assert_eq!(s.ready().decision().clip.min(), -2.0);
    s.keys("=2").press(KeyCode::Enter);
    assert!(s.notice().contains("clip_min"));
}

/// KL is of one threshold: of an affine range that is its larger end.
#[test]
fn an_affine_range_stands_on_the_kl_curve_of_its_magnitudes() {
    let mut s = Story::of(qviz::cli::bundled(), Format::INT8.with_symmetric(false), (160, 45));
    s.select("04.conv3.dw").press(KeyCode::BackTab);
    let screen = s.screen();
    assert!(screen.contains("of |x| at the larger end: least ") && !screen.contains("no KL"), "{screen}");
    let found = s.ready().candidate("entropy").unwrap().outcome.as_ref().unwrap().clip.amax();
    assert_eq!(s.model.figure().unwrap().curve.best.map(|(_, at)| at as f32), Some(found), "where the method ends");
    // The value follows the larger end while it moves, and nothing else.
    let clip = s.ready().decision().clip;
    let axis = s.model.figure().unwrap().axis;
    let (larger, smaller) = if clip.max() >= -clip.min() { (clip.max(), clip.min()) } else { (clip.min(), clip.max()) };
    let lower = |s: &mut Story| {
        let rows = layout(&s.model).unwrap().lower;
        let screen = s.screen();
        let plot = |line: &str| line.chars().skip(usize::from(rows.x)).collect::<String>();
        screen.lines().skip(usize::from(rows.y)).take(usize::from(rows.height)).map(plot).collect::<Vec<_>>().join("\n")
    };
    // The value stands among the curve's dots.
    let no_number = |c: char| !(c.is_ascii_digit() || "e.-".contains(c));
    let digits = |text: &str| -> Vec<String> {
        text.split(no_number).filter(|word| word.parse::<f64>().is_ok()).map(str::to_owned).collect()
    };
    let before = digits(&lower(&mut s));
    let step = |x: f32| if x > 0.0 { -4_i32 } else { 4 };
    let [at, other] = [larger, smaller].map(|x| i32::from(axis.column(f64::from(x)).unwrap()));
    s.grab(other as u16).drag_to((other + step(smaller)) as u16).release((other + step(smaller)) as u16);
    assert_eq!(digits(&lower(&mut s)), before);
    s.grab(at as u16).drag_to((at + step(larger)) as u16);
    assert_ne!(digits(&lower(&mut s)), before);
}

#[test]
fn exporting_asks_before_it_replaces() {
    let mut s = story();
    s.keys("l").keys("e");
    s.key(KeyCode::Char('u'), KeyModifiers::CONTROL).keys("out.json").press(KeyCode::Enter);
    assert_eq!(s.cmds.pop(), Some(Cmd::Export { path: "out.json".into(), force: false }));
    s.tell(Msg::Exported(Err(Unwritten { message: "out.json exists".into(), exists: true })));
    assert!(s.screen().contains("Enter replaces it"));
    s.press(KeyCode::Enter);
    assert_eq!(s.cmds.pop(), Some(Cmd::Export { path: "out.json".into(), force: true }));
    // Another name is asked about anew.
    s.keys("2").press(KeyCode::Enter);
    assert_eq!(s.cmds.pop(), Some(Cmd::Export { path: "out.json2".into(), force: false }));
    assert!(s.model.session.is_dirty());
    s.tell(Msg::Exported(Ok(Written { path: "out.json2".into(), tensors: 12, said: Vec::new(), keeps_all: true })));
    assert_eq!(s.notice(), "wrote 12 tensors to out.json2");
    assert!(!s.model.session.is_dirty());
    s.keys("q");
    assert_eq!(s.cmds.pop(), Some(Cmd::Quit));
}

/// What another tool's file holds is left without a question as long as nothing was changed since, and the journal keeps it.
#[test]
fn leaving_after_an_export_for_another_tool_does_not_ask() {
    let mut s = story();
    s.model.journaled = true;
    s.keys("le");
    s.key(KeyCode::Char('u'), KeyModifiers::CONTROL).keys("calib.cache").press(KeyCode::Enter);
    let said = vec!["12 tensors got a scale in tensorrt-cache.".to_owned()];
    s.tell(Msg::Exported(Ok(Written { path: "calib.cache".into(), tensors: 12, said, keeps_all: false })));
    assert!(s.model.session.is_dirty() && s.model.session.unsaved().len() == 1, "the journal keeps it");
    assert!(s.screen().contains("1 changed, exported"), "{}", s.screen());
    s.cmds.clear();
    s.keys("q");
    assert_eq!(s.cmds.pop(), Some(Cmd::Quit));
    // Another change is in no file; taken back, all of it is in that one again.
    s.keys("j1");
    assert!(!s.screen().contains("exported"), "{}", s.screen());
    s.keys("q");
    assert!(matches!(s.model.mode, Mode::Quit) && s.screen().contains("2 changed layers"), "{}", s.screen());
    s.press(KeyCode::Esc).keys("uq");
    assert_eq!(s.cmds.pop(), Some(Cmd::Quit));
    // Less than it holds is another state, and so is a file that was written while the journal cannot be.
    s.keys("uq");
    assert_eq!(s.cmds.pop(), Some(Cmd::Quit), "nothing was changed");
    s.keys("U");
    s.model.journaled = false;
    s.keys("q");
    assert!(matches!(s.model.mode, Mode::Quit));
}

/// A network that is being written holds what was chosen when that began.
#[test]
fn what_is_changed_while_the_network_is_written_is_in_no_file() {
    let mut s = story();
    s.model.journaled = true;
    let written = || Written { path: "net.onnx".into(), tensors: 12, said: Vec::new(), keeps_all: false };
    let asks = |s: &mut Story| {
        s.cmds.clear();
        s.keys("q");
        let asks = matches!(s.model.mode, Mode::Quit);
        assert_eq!(s.cmds.pop(), (!asks).then_some(Cmd::Quit));
        s.press(KeyCode::Esc);
        asks
    };
    s.keys("l").tell(Msg::Writing("net.onnx".into()));
    assert!(asks(&mut s), "it may fail yet");
    s.keys("j1").tell(Msg::NetworkWritten(Ok(written())));
    assert!(asks(&mut s), "the second change came later");
    s.keys("u");
    assert!(!asks(&mut s));
    s.keys("U").tell(Msg::Writing("net.onnx".into()));
    s.tell(Msg::NetworkWritten(Err(Unwritten { message: "no room".into(), exists: false })));
    assert!(asks(&mut s), "it was not written");
}

#[test]
fn leaving_with_unsaved_edits_asks() {
    let mut s = story();
    s.keys("lq");
    assert!(matches!(s.model.mode, Mode::Quit) && s.screen().contains("1 changed layer"));
    s.press(KeyCode::Esc);
    assert!(matches!(s.model.mode, Mode::Normal));
    s.keys("qe").press(KeyCode::Enter);
    assert!(matches!(s.cmds.pop(), Some(Cmd::Export { .. })));
    s.tell(Msg::Exported(Ok(Written { path: "scales.json".into(), tensors: 12, said: Vec::new(), keeps_all: true })));
    assert_eq!(s.cmds.pop(), Some(Cmd::Quit), "written, and gone");
    let mut s = story();
    s.keys("l");
    s.key(KeyCode::Char('c'), KeyModifiers::CONTROL);
    s.keys("q");
    assert_eq!(s.cmds.pop(), Some(Cmd::Quit));
    let mut s = story();
    s.keys("q");
    assert_eq!(s.cmds.pop(), Some(Cmd::Quit), "nothing to lose, nothing to ask");
}

#[test]
fn help_is_searched_by_word_and_by_key() {
    let mut s = story();
    s.keys("?");
    assert!(s.screen().contains("left in float") && s.screen().contains("more below"), "the signs first");
    let mut mouse = false;
    for _ in 0..90 {
        s.press(KeyCode::PageDown);
        mouse |= s.screen().contains("drag the line");
    }
    assert!(mouse && !s.screen().contains("left in float") && !s.screen().contains("more below"), "{}", s.screen());
    s.keys("saturate");
    let screen = s.screen();
    assert!(screen.contains("mapping") && !screen.contains("next layer"));
    s.press(KeyCode::Esc).keys("?").keys("u");
    assert!(s.screen().contains("undo"));
    s.press(KeyCode::Esc).keys("?q");
    assert!(matches!(s.model.mode, Mode::Normal) && s.cmds.last() != Some(&Cmd::Quit));
}

#[test]
fn a_clip_is_measured_on_the_values_until_it_moves() {
    let mut s = story();
    s.keys("lll").keys("x");
    s.measure();
    let (measured, estimate) = (*s.ready().measured().unwrap(), *s.ready().metrics());
    assert_eq!(measured.saturated_count as f64, estimate.saturated_count, "on an edge the count is exact");
    assert!((measured.sqnr_db - estimate.sqnr_db).abs() < 0.1);
    assert!(s.screen().contains("measured"));
    assert!(s.screen().contains("percentile-99.99"), "it has a line of its own");
    s.keys("l");
    assert!(s.ready().measured().is_none() && !s.screen().contains("measured"));
    s.keys("h");
    assert!(s.ready().measured().is_some(), "back at the clip that was measured");
}

#[test]
fn methods_are_compared_row_by_row() {
    let mut s = story();
    s.keys("c");
    let screen = s.screen();
    assert!(screen.contains("why they differ") && screen.contains("clips at 57.4 % of MSE"), "{screen}");
    // The rows are those of the list: pressing one selects its layer, and number keys choose for it.
    let row = screen.lines().position(|l| l.contains("03.conv3.relu")).unwrap() as u16;
    s.mouse_at(MouseEventKind::Down(MouseButton::Left), 100, row);
    assert_eq!(s.model.session.layers()[s.model.list.selected].name(), "03.conv3.relu");
    s.keys("1");
    assert_eq!(s.ready().decision().method, "max");
    // Nothing can be dragged here.
    let line = s.line();
    s.grab(line).drag_to(line - 9).release(line - 9);
    assert!(!s.ready().decision().edited);
    s.press(KeyCode::Tab);
    assert!(s.screen().contains("KL, nats"), "the plots come back as they were");
}

#[test]
fn commands_say_why_they_cannot_run() {
    let mut s = Story::unread(qviz::cli::bundled(), Format::INT8, (120, 40));
    assert_eq!(s.cmds, [Cmd::Request(Request::Prefer(s.key_of(0)))]);
    for (keys, why) in
        [("l", "no layer is read"), ("e", "no layer is read"), ("u", "nothing to undo"), ("t", "--affine")]
    {
        s.keys(keys);
        assert!(s.notice().contains(why), "{keys}: {}", s.notice());
    }
    s.keys("jj");
    assert_eq!(s.cmds.last(), Some(&Cmd::Request(Request::Prefer(s.key_of(2)))), "the layer looked at is wanted first");
    s.read(2);
    s.keys("l");
    assert!(s.ready().decision().edited);
    assert!(s.screen().contains("reading 1/12"));
}

#[test]
fn the_mouse_is_given_back_on_demand() {
    let mut s = story();
    s.keys("M");
    assert_eq!(s.cmds.pop(), Some(Cmd::Mouse(false)));
    assert!(s.screen().contains("mouse off"));
    s.keys("M");
    assert_eq!(s.cmds.pop(), Some(Cmd::Mouse(true)));
}

#[test]
fn every_key_in_every_state_is_harmless() {
    // Keys pressed at random, from a fixed seed: no panic, and the choices stay usable.
    let mut s = story();
    s.per_channel("1");
    let keys: Vec<char> = "hlHL,.=npN[]01234567890tuUjkgG/so yafm+-z<>e?Mq5.A\n\u{1b}\u{8}".chars().collect();
    let mut state = 12345u32;
    for i in 0..4000 {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let column = (state >> 8) as u16 % 112;
        match (keys[(state >> 16) as usize % keys.len()], i % 5) {
            (_, 0) => {
                s.grab(column);
            }
            (_, 1) => {
                s.drag_to(column);
            }
            ('\n', _) => {
                s.press(KeyCode::Enter);
            }
            ('\u{8}', _) => {
                s.press(KeyCode::Backspace);
            }
            ('\u{1b}', _) => {
                s.press(KeyCode::Esc);
            }
            (c, _) => {
                s.key(KeyCode::Char(c), KeyModifiers::NONE);
            }
        }
        if matches!(s.cmds.last(), Some(Cmd::Request(Request::Channels { .. }))) {
            s.read_channels();
        }
        if i % 97 == 0 {
            s.event(Event::Resize(state as u16 % 220, (state >> 7) as u16 % 70));
            s.draw();
        }
    }
    for layer in s.model.session.layers() {
        let ready = layer.ready().unwrap();
        assert!(ready.params().scale() > 0.0 && ready.decision().clip.amax().is_finite());
    }
}

#[test]
fn a_layer_can_have_a_grid_of_its_own() {
    let mut s = Story::bundled();
    s.select("06.conv11.hswish");
    let before = s.ready().decision().clone();
    s.keys("b");
    s.key(KeyCode::Char('u'), KeyModifiers::CONTROL);
    s.keys("int4").press(KeyCode::Enter);
    assert_eq!(s.ready().format().to_string(), "int4 symmetric");
    // The method's own answer on the new grid, and the table of all methods on it too.
    assert_eq!(s.ready().method_clip(), Some(s.ready().decision().clip));
    assert!(!s.ready().decision().edited && s.ready().params().qmax() == 7);
    let chosen = s.document()["tensors"][6]["chosen"].clone();
    assert_eq!((chosen["num_bits"].as_u64(), chosen["qmax"].as_u64()), (Some(4), Some(7)));
    s.keys("b").key(KeyCode::Char('u'), KeyModifiers::CONTROL);
    s.keys("float8").press(KeyCode::Enter);
    assert!(s.notice().contains("float8"));
    s.press(KeyCode::Esc).keys("u");
    assert_eq!(*s.ready().decision(), before, "one step back");
    // A clip that a hand has set stays where it is on another grid.
    s.keys("hhh");
    let by_hand = s.amax();
    s.keys("b").key(KeyCode::Char('u'), KeyModifiers::CONTROL);
    s.keys("16").press(KeyCode::Enter);
    assert_eq!(s.amax(), by_hand);
    assert!(s.ready().decision().edited);
}

#[test]
fn a_layer_goes_to_fp8() {
    let mut s = Story::bundled();
    s.select("06.conv11.hswish");
    let before = s.ready().decision().clone();
    assert_eq!(before.method, "entropy");
    let screen = s.screen();
    assert!(screen.contains("KL, nats") && !screen.contains("no KL"));
    s.keys("b").key(KeyCode::Char('u'), KeyModifiers::CONTROL);
    s.keys("e4m3").press(KeyCode::Enter);
    // The default method is not defined there, and says so in its row; the curve at hand is another one.
    assert_eq!((s.ready().format().to_string().as_str(), s.ready().decision().method.as_str()), ("fp8 e4m3", "max"));
    assert_eq!(s.ready().decision().clip, s.ready().method_clip().unwrap());
    assert_eq!(s.ready().params().scale(), s.amax() / 448.0);
    assert!(s.notice().contains("entropy is not defined there, max chooses"), "{}", s.notice());
    assert!(s.ready().metrics().kl.is_none() && s.ready().metrics().sqnr_db > 30.0);
    s.press(KeyCode::BackTab);
    assert!(s.screen().contains("no KL on FP8") && s.screen().contains("are not even. Tab shows the MSE."));
    s.press(KeyCode::Tab);
    // Dragged and undone like any other.
    let (line, max) = (s.line(), s.amax());
    s.grab(line).drag_to(line - 30).release(line - 30);
    let dragged = s.amax();
    assert!(dragged < max && s.ready().metrics().saturated > 0.0 && s.ready().decision().edited);
    s.keys("u");
    assert_eq!((s.amax(), s.ready().decision().edited), (s.ready().method_clip().unwrap().amax(), false));
    s.keys("U");
    assert_eq!(s.amax(), dragged);
    s.keys("mf");
    let screen = s.screen();
    assert!(screen.contains("float to fp8 e4m3") && screen.contains("steps ") && screen.contains("-448"), "{screen}");
    let chosen = s.document()["tensors"][6]["chosen"].clone();
    assert_eq!((chosen["format"].as_str(), chosen["num_bits"].as_u64()), (Some("float8_e4m3fn"), Some(8)));
    assert_eq!(
        (chosen["qmin"].as_i64(), chosen["qmax"].as_i64(), chosen["zero_point"].as_i64()),
        (Some(-448), Some(448), Some(0))
    );
    assert_eq!(
        (&chosen["signed"], &chosen["symmetric"], &chosen["kl"]),
        (&true.into(), &true.into(), &serde_json::Value::Null)
    );
    assert!(s.document()["tensors"][5]["chosen"].get("format").is_none(), "integers are written as ever");
    // Integers again, with the clip that a hand has set; and all the way back.
    s.keys("b").key(KeyCode::Char('u'), KeyModifiers::CONTROL);
    s.keys("int8").press(KeyCode::Enter);
    assert_eq!((s.amax(), s.ready().metrics().kl.is_some()), (dragged, true));
    s.keys("uuu");
    assert_eq!(*s.ready().decision(), before);
}

/// What a file proposes is one more row, beside the methods, and is taken and undone as theirs are.
#[test]
fn a_clip_that_a_file_proposes_is_chosen_like_a_method_s() {
    let mut s = Story::bundled();
    let key = s.key_of(6);
    let methods = s.model.session.methods().len();
    let row = char::from_digit(methods as u32 + 1, 10).unwrap().to_string();
    s.select("06.conv11.hswish").keys(&row);
    assert!(s.notice().contains("fewer methods"), "{}", s.notice());
    let (before, offered) = (s.amax(), 3.25);
    let offer = Imported::new("scales.json", "file", Clip::symmetric(offered));
    assert!(s.model.session.import(&key, offer));
    assert!(s.screen().contains("scales.json"), "{}", s.screen());
    s.keys(&row);
    assert_eq!(s.amax(), offered);
    assert_eq!(s.ready().decision().method, "scales.json");
    let document = s.document();
    let chosen = &document["tensors"][6]["chosen"];
    assert_eq!((&chosen["method"], &chosen["edited"]), (&"scales.json".into(), &false.into()));
    s.keys("u");
    assert_eq!(s.amax(), before);
    assert!(!s.model.session.import(&Key::activation("nothing"), Imported::new("x", "x", Clip::symmetric(1.0))));
}

/// Another tool's file is the same row for every layer, if only with a reason in it.
#[test]
fn another_tool_s_scales_are_listed_marked_taken_and_undone() {
    let range = |name: &str, amax: f32| OverlayRange {
        name: name.to_owned(),
        kind: Kind::Activation,
        format: Format::INT8,
        axis: None,
        clips: [Clip::symmetric(amax)].into(),
        in_float: None,
    };
    let ranges = vec![range(&format!("/{LAYER}:0"), 3.25), range("gone", 1.0)];
    let overlay = Overlay { id: "calib".into(), label: "calib".into(), file: "calib.cache".into(), ranges };
    let mut s = Story::unfound(qviz::cli::bundled(), Format::INT8, (160, 45));
    let session = Session::new(qviz::calibrate::defaults(), "entropy", Format::INT8);
    s.model.session = session.with_overlays(vec![overlay]);
    s.find();
    assert!(s.notice().contains("calib: 1 of 2"), "{}", s.notice());
    for layer in 0..s.model.session.layers().len() {
        s.read(layer);
    }
    let row = (s.model.session.methods().len() + 1).to_string();
    s.select(LAYER);
    let before = s.amax();
    assert!(s.screen().contains("calib"), "{}", s.screen());
    s.keys(&row);
    assert_eq!((s.amax(), s.ready().decision().method.as_str()), (3.25, "calib"));
    s.keys("u");
    assert_eq!(s.amax(), before);
    s.select("00.input");
    s.keys(&row);
    assert!(s.notice().contains("calib.cache holds nothing of it"), "{}", s.notice());
    s.keys("?gone");
    assert!(s.screen().contains("Ranges of tensors that are not here: gone."), "{}", s.screen());
}

/// What is known beforehand is chosen, and is a row like a method's.
#[test]
fn a_known_range_is_chosen_marked_and_undone_like_a_method_s() {
    let known = Known { min: -1.0, max: 64.0, reason: Reason::Input };
    let mut s = Story::unfound(qviz::cli::bundled(), Format::INT8, (160, 45));
    s.find_as(|layer| {
        let takers = vec![Taker { node: "06.conv12".into(), op: "Conv".into(), is_layer: true }];
        if layer.name() == LAYER { layer.with_known(Some(known)).with_takers(takers) } else { layer }
    });
    for layer in 0..s.model.session.layers().len() {
        s.read(layer);
    }
    s.select(LAYER);
    assert_eq!((s.amax(), s.ready().decision().method.as_str()), (64.0, "known"));
    let screen = s.screen();
    assert!(screen.contains("6 known") && !screen.contains("no answer"), "{screen}");
    s.keys("1");
    assert_eq!(s.ready().decision().method, "max");
    s.keys("6");
    assert!(s.notice().contains("-1 to 64"), "{}", s.notice());
    s.keys("uu");
    assert_eq!((s.amax(), s.ready().is_changed()), (64.0, false));
    assert_eq!(s.document()["tensors"][6]["chosen"]["method"], "known");
    s.keys("c");
    assert!(s.screen().contains("6 known dB"), "{}", s.screen());
    s.keys("c");
    // The list takes the patterns of the command line.
    for (filter, shown) in [("in:conv", 1), ("node:conv12", 1), ("conv11", 1), ("06.conv12", 1), ("op:relu", 0)] {
        s.keys("/").key(KeyCode::Char('u'), KeyModifiers::CONTROL).keys(filter);
        assert_eq!(s.model.list.order.len(), shown, "{filter}");
        s.press(KeyCode::Enter);
    }
}

#[test]
fn what_an_earlier_run_left_waits_until_the_layers_are_known() {
    let mut earlier = story();
    earlier.keys("HHl");
    earlier.press(KeyCode::Down).keys("1");
    let left = earlier.model.session.unsaved();
    assert_eq!(left.len(), 2);
    let (amax, layers) = (earlier.amax(), earlier.model.session.layers().len());

    let mut s = Story::unfound(qviz::cli::bundled(), Format::INT8, (160, 45));
    s.model.taking = qviz::tui::taking::Taking::of(left, "at 14:02".into());
    s.model.mode = Mode::Offer;
    // A quick hand, before the list has come.
    s.keys("R");
    assert_eq!(s.model.taking.pending().count(), 2, "nothing is thrown away");
    s.find();
    for layer in 0..layers {
        s.read(layer);
    }
    assert_eq!(s.model.session.unsaved().len(), 2);
    s.select(earlier.model.session.layers()[earlier.model.list.selected].name());
    assert_eq!(s.amax(), amax);
    assert!(s.screen().contains("2 changes taken up"));
}

#[test]
fn whoever_goes_on_without_an_answer_keeps_the_changes_for_later() {
    let mut earlier = Story::bundled();
    earlier.keys("=5").press(KeyCode::Enter);
    let mut s = Story::bundled();
    s.model.taking = qviz::tui::taking::Taking::of(earlier.model.session.unsaved(), "at 14:02".into());
    s.model.mode = Mode::Offer;
    let at = s.model.name_at();
    s.keys("j");
    assert!(s.model.name_at() != at && s.notice().contains("kept for later"), "{}", s.notice());
    s.keys("R");
    assert!(matches!(s.model.mode, Mode::Offer), "it is asked again");
}

#[test]
fn the_screen_and_one_plot_are_written_as_pictures() {
    let mut story = Story::bundled();
    story.keys("I");
    assert!(matches!(story.cmds.pop(), Some(Cmd::Draw)));
    let mut cells = Buffer::empty(Rect::new(0, 0, 12, 1));
    cells.set_string(0, 0, "as it was", Style::new());
    let picture = Picture { cells, ground: Ground::Light };
    story.tell(Msg::Drawn(Box::new(picture.clone())));
    assert!(story.screen().contains("screen to") && story.screen().contains("qviz.svg"), "{}", story.screen());
    story.press(KeyCode::Enter);
    let written = |story: &mut Story, forced: bool| match story.cmds.pop() {
        Some(Cmd::Write { path, contents, force }) if force == forced => (path, contents),
        _ => panic!("nothing is written"),
    };
    let (path, svg) = written(&mut story, false);
    let svg = String::from_utf8(svg).unwrap();
    assert_eq!(path, std::path::PathBuf::from("qviz.svg"));
    assert!(svg.contains(">as it was") && svg.contains("fill=\"#ffffff\"/>"), "on the theme's ground: {svg}");
    let there = || Unwritten { message: "qviz.svg exists; it was kept.".into(), exists: true };
    story.tell(Msg::Written(Err(there())));
    assert!(story.screen().contains("is there already"), "{}", story.screen());
    story.press(KeyCode::Enter);
    written(&mut story, true);
    story.tell(Msg::Written(Ok("qviz.svg".into())));
    assert_eq!(story.notice(), "wrote qviz.svg");
    // By the name's ending it is pixels.
    story.tell(Msg::Drawn(Box::new(picture)));
    story.keys("screen.PNG").press(KeyCode::Enter);
    let (path, png) = written(&mut story, false);
    assert!(path.as_os_str() == "screen.PNG" && png.starts_with(b"\x89PNG"), "{path:?}");
    story.tell(Msg::Written(Ok("screen.PNG".into())));
    // The plot that is looked at, at a size.
    story.select("06.conv11.hswish").keys("V");
    assert!(story.screen().contains("06.conv11.hswish.svg 900x420"), "{}", story.screen());
    // What is proposed is left by End, and typing goes on behind it.
    story.press(KeyCode::End);
    for _ in "900x420".chars() {
        story.press(KeyCode::Backspace);
    }
    story.keys("9x9").press(KeyCode::Enter);
    assert!(!matches!(story.cmds.last(), Some(Cmd::Write { .. })), "no file of that size");
    assert!(story.screen().contains("a size is WIDTHxHEIGHT"), "{}", story.screen());
    for _ in "9x9".chars() {
        story.press(KeyCode::Backspace);
    }
    story.keys("640x300").press(KeyCode::Enter);
    let (path, svg) = written(&mut story, false);
    let svg = String::from_utf8(svg).unwrap();
    assert_eq!(path, std::path::PathBuf::from("06.conv11.hswish.svg"));
    assert!(svg.contains("viewBox=\"0 0 640 300\"") && svg.contains(">06.conv11.hswish</text>"), "{svg}");
    // By the name's ending it is pixels.
    story.press(KeyCode::Esc).keys("V").keys("plot.png 640x300").press(KeyCode::Enter);
    let (path, png) = written(&mut story, false);
    assert!(path.as_os_str() == "plot.png" && png.starts_with(b"\x89PNG"), "{path:?}");
    story.press(KeyCode::Esc);
    // Before anything is read there is a screen and no plot.
    let mut story = Story::unread(qviz::cli::bundled(), Format::INT8, (120, 40));
    story.keys("V");
    assert!(story.notice().contains("no layer is read yet"), "{}", story.notice());
}
