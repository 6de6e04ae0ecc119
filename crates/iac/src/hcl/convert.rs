//! From `hcl-edit`'s tree to ours. Its tree is used for nothing else: written back, it is not the file that
//! it was read from. It refuses what is nested too deep, so recursion here has an end.

use hcl_edit::{
    Span as _,
    expr::{BinaryOperator, Expression, ObjectKey, Traversal, TraversalOperator, UnaryOperator},
    structure::{self, Structure},
    template::{Element, Template},
};

use super::{
    Chunk,
    ast::{Attribute, Block, Body, Expr, For, Item, Key, Kind, Op, Part, Span, Step},
    lenient, respan,
};
use crate::{node::TreeError, source::Source};

/// Parses a chunk that is a block.
pub fn block(source: &Source, chunk: &Chunk) -> Result<Block, TreeError> {
    let mut body = parse(source.slice(chunk.span.clone()), chunk.span.start)?;
    let block = body.blocks.pop();
    block.ok_or_else(|| error(chunk.span.start, "Syntax", "this is no block".to_owned()))
}

/// Parses a whole file.
pub fn body(source: &Source) -> Result<Body, TreeError> {
    let (text, base) = source.body();
    parse(text, base)
}

fn parse(text: &str, base: usize) -> Result<Body, TreeError> {
    let failed = match text.parse::<structure::Body>() {
        Ok(body) => return Ok(Converter { text, base, changed: false }.body(&body)),
        Err(failed) => failed,
    };
    let message = failed.message().to_owned();
    if message.contains("nesting depth") {
        return Err(error(base + failed.location().offset(), "TooDeep", message));
    }
    match lenient::parse(text) {
        Some(body) => Ok(Converter { text, base, changed: true }.body(&body)),
        None => Err(error(base + failed.location().offset(), "Syntax", message)),
    }
}

fn error(offset: usize, code: &'static str, message: String) -> TreeError {
    TreeError { offset, code, message }
}

/// A template that stands in a JSON string; all of it stands at that span.
pub(super) fn template(text: &str, span: Span) -> Expr {
    let opaque = Expr { span, kind: Kind::Opaque("this template is not understood") };
    let Ok(template) = text.parse::<Template>() else { return opaque };
    let converter = Converter { text: "", base: 0, changed: false };
    let mut expr = converter.template(&template, span);
    respan::respan(&mut expr, span);
    expr
}

struct Converter<'a> {
    text: &'a str,
    base: usize,
    /// Whether the tree is one of a changed text.
    changed: bool,
}

impl Converter<'_> {
    fn span(&self, span: Option<std::ops::Range<usize>>) -> Span {
        let span = span.unwrap_or_default();
        Span::from(self.base + span.start..self.base + span.end)
    }

    fn body(&self, body: &structure::Body) -> Body {
        let mut converted = Body::default();
        for structure in body {
            match structure {
                Structure::Attribute(attribute) => {
                    converted.attributes.push(self.attribute(attribute));
                }
                Structure::Block(block) => converted.blocks.push(self.block(block)),
            }
        }
        converted
    }

    fn attribute(&self, attribute: &structure::Attribute) -> Attribute {
        let value = self.expr(&attribute.value);
        // In a block on one line the parser does not note where the name stands.
        let name_span = match attribute.key.span() {
            Some(span) => self.span(Some(span)),
            None => self.name_before(&attribute.key, value.span),
        };
        Attribute { name: attribute.key.as_str().into(), name_span, value }
    }

    fn name_before(&self, name: &str, value: Span) -> Span {
        let end = (value.start as usize).saturating_sub(self.base).min(self.text.len());
        let at = self.text.get(..end).and_then(|before| before.rfind(name)).unwrap_or(end);
        Span::from(self.base + at..self.base + at + name.len())
    }

    fn block(&self, block: &structure::Block) -> Block {
        Block {
            kind: block.ident.as_str().into(),
            labels: block.labels.iter().map(|label| label.as_str().into()).collect(),
            body: self.body(&block.body),
            span: self.span(block.span()),
            json: false,
        }
    }

    fn boxed(&self, expression: &Expression) -> Box<Expr> {
        Box::new(self.expr(expression))
    }

    fn expr(&self, expression: &Expression) -> Expr {
        let span = self.span(expression.span());
        let kind = match expression {
            Expression::Null(_) => Kind::Null,
            Expression::Bool(value) => Kind::Bool(*value.value()),
            Expression::Number(number) => match number.value().as_f64() {
                Some(number) => Kind::Number(number),
                None => Kind::Opaque("this number is not understood"),
            },
            Expression::String(text) => Kind::Text(text.as_str().into()),
            Expression::Array(items) => {
                Kind::List(items.iter().map(|item| self.expr(item)).collect())
            }
            Expression::Object(object) => {
                let items = object.iter().map(|(key, value)| Item {
                    key: self.key(key),
                    value: self.expr(value.expr()),
                });
                let items = items.collect();
                Kind::Map(if self.changed { last_ones(items) } else { items })
            }
            Expression::StringTemplate(template) => {
                return self.elements(template.iter().collect(), span);
            }
            Expression::HeredocTemplate(heredoc) => {
                let parts = heredoc.template.iter().map(|element| self.part(element));
                Kind::Template(parts.collect())
            }
            Expression::Parenthesis(inner) => return self.expr(inner.inner()),
            Expression::Variable(name) => Kind::Name(name.as_str().into()),
            Expression::Conditional(three) => Kind::If(Box::new([
                self.expr(&three.cond_expr),
                self.expr(&three.true_expr),
                self.expr(&three.false_expr),
            ])),
            Expression::FuncCall(call) => {
                let arguments = call.args.iter().map(|argument| self.expr(argument)).collect();
                if call.name.is_namespaced() {
                    Kind::Opaque("a provider's function is not evaluated here")
                } else {
                    let name = call.name.name.as_str().into();
                    Kind::Call(name, arguments, call.args.expand_final())
                }
            }
            Expression::Traversal(traversal) => self.path(traversal),
            Expression::UnaryOp(one) => match one.operator.value() {
                UnaryOperator::Not => Kind::Not(self.boxed(&one.expr)),
                UnaryOperator::Neg => Kind::Minus(self.boxed(&one.expr)),
            },
            Expression::BinaryOp(two) => Kind::Binary(
                operator(*two.operator.value()),
                Box::new([self.expr(&two.lhs_expr), self.expr(&two.rhs_expr)]),
            ),
            Expression::ForExpr(each) => Kind::For(Box::new(For {
                key: each.intro.key_var.as_ref().map(|name| name.as_str().into()),
                value: each.intro.value_var.as_str().into(),
                over: self.expr(&each.intro.collection_expr),
                result_key: each.key_expr.as_ref().map(|key| self.expr(key)),
                result: self.expr(&each.value_expr),
                condition: each.cond.as_ref().map(|condition| self.expr(&condition.expr)),
                grouping: each.grouping,
            })),
        };
        Expr { span, kind }
    }

    fn path(&self, traversal: &Traversal) -> Kind {
        let steps = traversal.operators.iter().map(|operator| match operator.value() {
            TraversalOperator::AttrSplat(_) => Step::AttributeSplat,
            TraversalOperator::FullSplat(_) => Step::Splat,
            TraversalOperator::GetAttr(name) => Step::Attribute(name.as_str().into()),
            TraversalOperator::Index(index) => Step::Index(self.expr(index)),
            TraversalOperator::LegacyIndex(index) => Step::Index(Expr {
                span: self.span(operator.span()),
                kind: Kind::Number(*index.value() as f64),
            }),
        });
        Kind::Path(self.boxed(&traversal.expr), steps.collect())
    }

    fn key(&self, key: &ObjectKey) -> Key {
        match key {
            ObjectKey::Ident(name) => Key::Text(self.word(name.as_str(), name.span())),
            ObjectKey::Expression(Expression::String(text)) => {
                Key::Text(self.word(text.as_str(), text.span()))
            }
            ObjectKey::Expression(Expression::Variable(name)) => {
                Key::Text(self.word(name.as_str(), name.span()))
            }
            ObjectKey::Expression(other) => match self.expr(other) {
                Expr { kind: Kind::Number(number), .. } => {
                    Key::Text(super::value::number_text(number).into())
                }
                computed => Key::Computed(computed),
            },
        }
    }

    /// A key as it was before the text was changed.
    fn word(&self, name: &str, span: Option<std::ops::Range<usize>>) -> Box<str> {
        let written = span.filter(|_| self.changed).and_then(|span| self.text.get(span));
        written.map_or(name, |written| written.trim_matches('"')).into()
    }

    fn template(&self, template: &Template, span: Span) -> Expr {
        self.elements(template.iter().collect(), span)
    }

    /// `"${x}"` is `x`.
    fn elements(&self, elements: Vec<&Element>, span: Span) -> Expr {
        if let [Element::Interpolation(only)] = elements.as_slice() {
            return self.expr(&only.expr);
        }
        let parts = elements.into_iter().map(|element| self.part(element));
        Expr { span, kind: Kind::Template(parts.collect()) }
    }

    fn part(&self, element: &Element) -> Part {
        match element {
            Element::Literal(text) => Part::Text(text.as_str().into()),
            Element::Interpolation(interpolation) => Part::Value(self.expr(&interpolation.expr)),
            Element::Directive(_) => Part::Directive,
        }
    }
}

/// Of items with one key, the last one.
fn last_ones(items: Vec<Item>) -> Vec<Item> {
    let mut seen = std::collections::HashSet::new();
    let mut kept: Vec<Item> = items
        .into_iter()
        .rev()
        .filter(|item| match &item.key {
            Key::Text(name) => seen.insert(name.clone()),
            Key::Computed(_) => true,
        })
        .collect();
    kept.reverse();
    kept
}

const fn operator(operator: BinaryOperator) -> Op {
    match operator {
        BinaryOperator::Eq => Op::Equal,
        BinaryOperator::NotEq => Op::NotEqual,
        BinaryOperator::LessEq => Op::LessEqual,
        BinaryOperator::GreaterEq => Op::GreaterEqual,
        BinaryOperator::Less => Op::Less,
        BinaryOperator::Greater => Op::Greater,
        BinaryOperator::Plus => Op::Add,
        BinaryOperator::Minus => Op::Subtract,
        BinaryOperator::Mul => Op::Multiply,
        BinaryOperator::Div => Op::Divide,
        BinaryOperator::Mod => Op::Remainder,
        BinaryOperator::And => Op::And,
        BinaryOperator::Or => Op::Or,
    }
}
