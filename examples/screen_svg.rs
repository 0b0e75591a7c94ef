//! Draws a screen of the program as SVG, without a terminal: the pictures in the README come from here.
//!
//! `cargo run --release --example screen_svg -- main > docs/screen.svg`, likewise `mapping`.

use std::sync::mpsc::channel;

use qviz::calibrate;
use qviz::jobs::{Loader, Order, Recipe, Ties, Told};
use qviz::quant::Format;
use qviz::session::Session;
use qviz::tui::command::Command;
use qviz::tui::look::{Depth, Ground, Look, Marks};
use qviz::tui::model::Model;
use qviz::tui::msg::Msg;
use qviz::tui::{picture::svg, update::settle, update::update, view::view};
use ratatui::{buffer::Buffer, layout::Rect};

fn main() {
    let which = std::env::args().nth(1).unwrap_or_else(|| "main".into());
    let session = Session::new(calibrate::defaults(), calibrate::DEFAULT_METHOD, Format::INT8);
    let recipe = Recipe::new(2048, session.methods().iter().map(AsRef::as_ref));
    let order = Order {
        discover: Box::new(qviz::cli::bundled),
        recipe,
        plan: session.plan(),
        ties: Ties::default(),
        measure: false,
        threads: 2,
    };
    let look = Look::new(Depth::True, Ground::Dark, Marks::Braille);
    let mut model = Model::new(session, "bundled activations of a text classifier".into(), look, (150, 42));
    model.list.wanted = Some("06.conv11.hswish".into());

    // The program's own way of loading: everything that the loader tells is a message.
    let (sender, events) = channel();
    let _loader = Loader::start(order, move |told| drop(sender.send(told)));
    for told in events {
        let done = matches!(told, Told::Done);
        update(&mut model, Msg::Job(told));
        if done {
            break;
        }
    }
    settle(&mut model);
    let commands: &[Command] = match which.as_str() {
        "mapping" => &[Command::Mapping, Command::FakeQuant],
        // A clip that a hand has moved from where the entropy method put it.
        _ => &[Command::MoveColumns(10), Command::MoveColumns(10), Command::Curve(1)],
    };
    for command in commands {
        update(&mut model, Msg::Run(*command));
    }
    settle(&mut model);
    let mut buffer = Buffer::empty(Rect::new(0, 0, model.size.0, model.size.1));
    view(&model, &mut buffer);
    print!("{}", svg(&buffer, model.look.ground));
}
