//! A screen without a terminal: events in, model and buffer out.
#![allow(dead_code, reason = "each test file uses its part")]

use std::path::PathBuf;
use std::sync::Arc;

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use qviz::calibrate;
use qviz::input::{Discovered, Source};
use qviz::jobs::{Recipe, Request, Told, analyse_channels, measure_layer, read_channels, read_layer};
use qviz::quant::Format;
use qviz::report;
use qviz::session::{Arrival, Failure, Joint, Key, Kind, Layer, Places, Ready, Session};
use qviz::tui::event::message;
use qviz::tui::look::{Depth, Ground, Look, Marks, Theme};
use qviz::tui::model::Model;
use qviz::tui::msg::{Cmd, Msg};
use qviz::tui::network::Network;
use qviz::tui::update::{layout, settle, update};
use qviz::tui::view::view;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// A story: what the user does, and what the session holds then.
pub struct Story {
    pub model: Model,
    pub cmds: Vec<Cmd>,
    discovered: Discovered,
    recipe: Recipe,
}

pub fn look(depth: Depth, ascii: bool) -> Look {
    Look::new(depth, Ground::Unknown, if ascii { Marks::Ascii } else { Marks::Braille })
}

impl Story {
    /// The bundled activations, read.
    pub fn bundled() -> Story {
        Story::of(qviz::cli::bundled(), Format::INT8, (160, 45))
    }

    /// Files or directories, read.
    pub fn of_paths(paths: &[PathBuf], format: Format) -> Story {
        Story::of(qviz::input::discover(paths, None), format, (160, 45))
    }

    pub fn of(discovered: Discovered, format: Format, size: (u16, u16)) -> Story {
        let mut story = Story::unread(discovered, format, size);
        for layer in 0..story.discovered.sources.len() {
            story.read(layer);
        }
        story.tell(Msg::Job(Told::Done));
        story
    }

    /// The same, counted on so many bins.
    pub fn of_bins(discovered: Discovered, format: Format, size: (u16, u16), bins: usize) -> Story {
        let mut story = Story::unfound(discovered, format, size);
        story.recipe.bins = bins;
        story.find();
        for layer in 0..story.discovered.sources.len() {
            story.read(layer);
        }
        story.tell(Msg::Job(Told::Done));
        story
    }

    /// Names only: nothing was read yet.
    pub fn unread(discovered: Discovered, format: Format, size: (u16, u16)) -> Story {
        let mut story = Story::unfound(discovered, format, size);
        story.find();
        story
    }

    /// The screen before it knows of any layer.
    pub fn unfound(discovered: Discovered, format: Format, size: (u16, u16)) -> Story {
        let session = Session::new(calibrate::defaults(), "entropy", format);
        let recipe = Recipe::new(2048, session.methods().iter().map(AsRef::as_ref));
        let model = Model::new(session, "acts".into(), look(Depth::Sixteen, false), size);
        Story { model, cmds: Vec::new(), discovered, recipe }
    }

    /// The names are there.
    pub fn find(&mut self) -> &mut Story {
        self.find_as(|layer| layer)
    }

    /// The same, with more known of the layers.
    pub fn find_as(&mut self, make: impl Fn(Layer) -> Layer) -> &mut Story {
        let layers = self.discovered.sources.iter().map(waiting).map(make).collect();
        let layers = self.model.session.plan().laid_over(layers);
        let failures = self.discovered.errors.iter().cloned().map(Failure::from).collect();
        self.arrive(Arrival::Found { layers, failures })
    }

    /// The bundled activations as if a network had made them, the last three as weights; read.
    pub fn of_network(size: (u16, u16)) -> Story {
        let mut story = Story::of_network_unread(size);
        for layer in 0..story.discovered.sources.len() {
            story.read(layer);
        }
        story.tell(Msg::Job(Told::Done)).model.notice.take();
        story
    }

    /// The same with placements: `fused` leaves the second and the sixth tensor in float, `inputs` the third as well; and as
    /// it is deployed, where the third has taken in `conv1.raw`.
    pub fn of_placed_network(size: (u16, u16)) -> Story {
        let places = |at: usize| {
            let fused = matches!(at, 1 | 5).then(|| "inside Conv+HardSwish".to_owned());
            let inputs = matches!(at, 1 | 2 | 5).then(|| "taken by no Conv".to_owned());
            Places::new(vec![("fused", fused), ("inputs", inputs), ("all", None)], 0)
        };
        let mut story = Story::of_network_unread_with(size, |at, layer| {
            layer.places = places(at);
            if at == 2 {
                let how = "is folded into conv1.w, and 02.conv1.hswish is what comes out".to_owned();
                layer.deployed.absorbed.push(("conv1.raw".to_owned(), how));
            }
        });
        for layer in 0..story.discovered.sources.len() {
            story.read(layer);
        }
        story.tell(Msg::Job(Told::Done)).model.notice.take();
        story
    }

    /// The same before it is run.
    pub fn of_network_unread(size: (u16, u16)) -> Story {
        Story::of_network_unread_with(size, |_, _| {})
    }

    fn of_network_unread_with(size: (u16, u16), change: impl Fn(usize, &mut Layer)) -> Story {
        let session = Session::new(calibrate::defaults(), "entropy", Format::INT8);
        let recipe = Recipe::new(2048, session.methods().iter().map(AsRef::as_ref));
        let mut model = Model::new(session, "net.onnx".into(), look(Depth::Sixteen, false), size);
        model.network = Some(Network::default());
        let mut story = Story { model, cmds: Vec::new(), discovered: qviz::cli::bundled(), recipe };
        let mut layers: Vec<Layer> = story.discovered.sources.iter().map(waiting).collect();
        let weights = layers.len() - 3;
        for (i, layer) in layers.iter_mut().enumerate() {
            let kind = if i < weights { Kind::Activation } else { Kind::Weight };
            layer.key = Key::new(kind, layer.name());
            layer.op = "Conv".into();
            change(i, layer);
        }
        story.arrive(Arrival::Found { layers, failures: Vec::new() });
        let assumptions = vec!["8 random samples (seed 0); ranges are not those of real data".to_owned()];
        story.tell(Msg::Job(Told::Opened { title: "net.onnx on 8 random samples".into(), assumptions }));
        story
    }

    /// The loader reads a layer.
    pub fn read(&mut self, layer: usize) -> &mut Story {
        let plan = self.model.session.plan();
        let source = &self.discovered.sources[layer];
        let subject = self.model.session.layers()[layer].subject();
        let analyse = |h| Ready::analyse(Arc::new(h), &plan, &subject);
        let result = read_layer(source, &self.recipe, 1, &|_| {}, &|| false)
            .map(|read| read.map(|(origin, h)| Box::new((origin, analyse(h)))).unwrap())
            .map_err(Failure::from);
        self.arrive(Arrival::Layer { key: self.key_of(layer), result })
    }

    /// The loader counts a layer on finer bins.
    pub fn read_fine(&mut self, layer: usize, bins: usize) -> &mut Story {
        let recipe = Recipe { bins, grids: Vec::new() };
        let read = read_layer(&self.discovered.sources[layer], &recipe, 1, &|_| {}, &|| false);
        let result = read.map(|read| read.unwrap().1.magnitude).map_err(Failure::from);
        self.tell(Msg::Job(Told::Fine { key: self.key_of(layer), result }))
    }

    /// The loader measures what was last asked for.
    pub fn measure(&mut self) -> &mut Story {
        let Some(Request::Measure { key, clip, format }) = self.asked() else { panic!("nothing was asked for") };
        let layer = self.layer(&key);
        let measured = measure_layer(&self.discovered.sources[layer], clip, format, &|| false);
        self.arrive(Arrival::Measured { key, result: measured.map(|m| m.unwrap()) })
    }

    /// The loader reads the channels that were last asked for.
    pub fn read_channels(&mut self) -> &mut Story {
        let Some(Request::Channels { key, start }) = self.asked() else { panic!("nothing was asked for") };
        let layer = self.layer(&key);
        let (source, plan) = (&self.discovered.sources[layer], self.model.session.plan());
        let read = read_channels(source, &self.recipe, start.axis.unwrap(), &|_| {}, &|| false);
        let result = read
            .map(|read| analyse_channels(read.unwrap(), &plan, &start, 2, &|_| {}, &|| false).expect("all of them"));
        self.arrive(Arrival::Channels { key, requested: true, result })
    }

    /// The loader reads the layers that were last asked for as one.
    pub fn read_tied(&mut self) -> &mut Story {
        let Some(Request::Tie { of: keys, start }) = self.asked() else { panic!("nothing was asked for") };
        let of: Vec<usize> = keys.iter().map(|key| self.layer(key)).collect();
        let sources = &self.discovered.sources;
        let all =
            Source { name: String::new(), parts: of.iter().flat_map(|&layer| sources[layer].parts.clone()).collect() };
        let plan = self.model.session.plan();
        let result = read_layer(&all, &self.recipe, 1, &|_| {}, &|| false).map(|read| {
            let ready = Ready::begin(Arc::new(read.unwrap().1), &plan, &start);
            Box::new(Joint { of: keys.clone(), why: None, ready, measured: Vec::new() })
        });
        self.arrive(Arrival::Tied { of: keys, requested: true, result: result.map_err(Failure::from) })
    }

    /// Types the names to tie the selected layer with, whose values are then read.
    pub fn tie(&mut self, names: &str) -> &mut Story {
        self.keys("J").key(KeyCode::Char('u'), KeyModifiers::CONTROL);
        self.keys(names).press(KeyCode::Enter).read_tied()
    }

    /// Asks for channels along an axis, which are then read.
    pub fn per_channel(&mut self, axis: &str) -> &mut Story {
        self.keys("A").key(KeyCode::Char('u'), KeyModifiers::CONTROL);
        self.keys(axis).press(KeyCode::Enter).read_channels()
    }

    /// What was last asked of whoever brings the layers.
    pub fn asked(&mut self) -> Option<Request> {
        match self.cmds.pop() {
            Some(Cmd::Request(request)) => Some(request),
            _ => None,
        }
    }

    /// The key of a layer.
    pub fn key_of(&self, layer: usize) -> Key {
        self.model.session.layers()[layer].key.clone()
    }

    /// Where a layer stands.
    pub fn layer(&self, key: &Key) -> usize {
        self.model.session.position(key).expect("there is such a layer")
    }

    /// Whoever brings the layers brings something.
    pub fn arrive(&mut self, arrival: Arrival) -> &mut Story {
        self.tell(Msg::Job(Told::Arrived(arrival)))
    }

    pub fn tell(&mut self, msg: Msg) -> &mut Story {
        self.cmds.extend(update(&mut self.model, msg));
        settle(&mut self.model);
        self
    }

    pub fn event(&mut self, event: Event) -> &mut Story {
        if let Some(msg) = message(event, &self.model) {
            self.tell(msg);
        }
        self
    }

    /// Types characters, one key each.
    pub fn keys(&mut self, keys: &str) -> &mut Story {
        for c in keys.chars() {
            self.key(KeyCode::Char(c), KeyModifiers::NONE);
        }
        self
    }

    pub fn press(&mut self, code: KeyCode) -> &mut Story {
        self.key(code, KeyModifiers::NONE)
    }

    pub fn key(&mut self, code: KeyCode, modifiers: KeyModifiers) -> &mut Story {
        self.event(Event::Key(KeyEvent::new(code, modifiers)))
    }

    /// A mouse event at a column of the plots, in the middle of the histogram.
    pub fn mouse(&mut self, kind: MouseEventKind, column: u16) -> &mut Story {
        // A screen that is too small has no plots to point at.
        let areas = layout(&self.model).unwrap_or_default();
        let (x, y) = (areas.histogram.x + column, areas.histogram.y + areas.histogram.height / 2);
        self.mouse_at(kind, x, y)
    }

    pub fn mouse_at(&mut self, kind: MouseEventKind, x: u16, y: u16) -> &mut Story {
        self.event(Event::Mouse(MouseEvent { kind, column: x, row: y, modifiers: KeyModifiers::NONE }))
    }

    pub fn grab(&mut self, column: u16) -> &mut Story {
        self.mouse(MouseEventKind::Down(MouseButton::Left), column)
    }

    pub fn drag_to(&mut self, column: u16) -> &mut Story {
        self.mouse(MouseEventKind::Drag(MouseButton::Left), column)
    }

    pub fn release(&mut self, column: u16) -> &mut Story {
        self.mouse(MouseEventKind::Up(MouseButton::Left), column)
    }

    /// The column of the plots that the clip's (upper) line stands on.
    pub fn line(&self) -> u16 {
        let lines = self.model.lines(self.ready().decision().clip);
        self.model.figure().unwrap().axis.column(lines.last().unwrap().1).expect("the line is on the axis")
    }

    pub fn ready(&self) -> &Ready {
        self.model.selected_ready().expect("the layer was read")
    }

    pub fn amax(&self) -> f32 {
        self.ready().decision().clip.amax()
    }

    pub fn select(&mut self, name: &str) -> &mut Story {
        let layer = self.model.session.layers().iter().position(|l| l.name() == name).expect("there is such a layer");
        self.tell(Msg::SelectLayer(layer))
    }

    pub fn notice(&self) -> &str {
        self.model.notice.as_ref().map_or("", |n| n.text.as_str())
    }

    /// The exported document.
    pub fn document(&self) -> serde_json::Value {
        let scales = report::Scales::of(&self.model.session);
        serde_json::from_str(&scales.json()).expect("the export is JSON")
    }

    /// The screen.
    pub fn draw(&self) -> Buffer {
        let (width, height) = self.model.size;
        let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
        view(&self.model, &mut buffer);
        buffer
    }

    /// The screen as text.
    pub fn screen(&self) -> String {
        text(&self.draw())
    }
}

/// The layer that a source will be.
fn waiting(source: &Source) -> Layer {
    Layer::waiting(Key::activation(source.name.as_str()), source.parts.iter().map(|p| p.file()).collect())
}

/// The cells of a buffer as lines of text.
pub fn text(buffer: &Buffer) -> String {
    let width = usize::from(buffer.area.width.max(1));
    let mut out = String::new();
    for line in buffer.content.chunks(width) {
        let line: String = line.iter().map(|c| c.symbol()).collect();
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// The styles of a buffer: one letter a role, so that a highlight that moved is seen.
pub fn styles(buffer: &Buffer, theme: &Theme) -> String {
    let roles = [
        (theme.bar, 'b'),
        (theme.beyond, 'x'),
        (theme.clip, 'C'),
        (theme.mark, 'm'),
        (theme.chosen, 'M'),
        (theme.curve, 'k'),
        (theme.quantized, 'q'),
        (theme.dim, '.'),
        (theme.selected, 'S'),
        (theme.title, 'T'),
        (theme.warning, '!'),
    ];
    let width = usize::from(buffer.area.width.max(1));
    let mut out = String::new();
    for line in buffer.content.chunks(width) {
        let line: String = line
            .iter()
            .map(|cell| {
                let is =
                    |s: ratatui::style::Style| cell.fg == s.fg.unwrap_or_default() && cell.modifier == s.add_modifier;
                match roles.iter().find(|(s, _)| is(*s)) {
                    Some((_, letter)) if cell.symbol() != " " || *letter == 'S' => *letter,
                    _ => ' ',
                }
            })
            .collect();
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}
