//! AWS's table of precedence row by row, and what must hold for every combination of layers.

use proptest::prelude::*;

use super::*;

fn known<T>(value: T, source: Source) -> Effective<T> {
    Effective::Known { value, source }
}

/// The twelve rows of "Order of precedence for instance metadata options": launch parameter, account
/// default, AMI, and the metadata version that results.
#[test]
fn the_table_of_aws() {
    use Source::{AccountDefault, Image, Launch, ServiceDefault};
    let table = [
        ("required", "required", "v2.0", "required", Launch),
        ("required", "optional", "v2.0", "required", Launch),
        ("required", "no-preference", "v2.0", "required", Launch),
        ("optional", "required", "v2.0", "optional", Launch),
        ("optional", "optional", "v2.0", "optional", Launch),
        ("optional", "no-preference", "v2.0", "optional", Launch),
        ("silent", "required", "v2.0", "required", AccountDefault),
        ("silent", "required", "silent", "required", AccountDefault),
        ("silent", "optional", "v2.0", "optional", AccountDefault),
        ("silent", "optional", "silent", "optional", AccountDefault),
        ("silent", "no-preference", "v2.0", "required", Image),
        ("silent", "no-preference", "silent", "optional", ServiceDefault),
    ];
    for (launch, account, image, tokens, source) in table {
        let [launch, account] = [launch, account].map(|word| Layer::parse(Some(word)));
        let resolved = http_tokens(launch, account, Layer::parse(Some(image)));
        assert_eq!(resolved.value().map(Tokens::as_str), Some(tokens), "{launch:?} {account:?}");
        assert_eq!(resolved.source(), Some(source), "{launch:?} {account:?} {image}");
    }
}

#[test]
fn hop_limit_and_endpoint_have_their_own_defaults() {
    let silent = Layer::Silent;
    let image = Layer::Sets(ImageV2);
    assert_eq!(hop_limit(silent, silent, Layer::Silent), known(1, Source::ServiceDefault));
    assert_eq!(hop_limit(silent, silent, image), known(2, Source::Image));
    assert_eq!(hop_limit(silent, Layer::Sets(3), image), known(3, Source::AccountDefault));
    assert_eq!(hop_limit(Layer::Sets(1), Layer::Sets(3), image), known(1, Source::Launch));
    let enabled = known(Endpoint::Enabled, Source::ServiceDefault);
    assert_eq!(http_endpoint(Layer::Silent, Layer::Silent), enabled);
    let disabled = known(Endpoint::Disabled, Source::AccountDefault);
    assert_eq!(http_endpoint(Layer::Silent, Layer::Sets(Endpoint::Disabled)), disabled);
}

#[test]
fn words_of_evidence() {
    let tokens = |word| Layer::<Tokens>::parse(word);
    assert_eq!(tokens(None), Layer::Unread);
    assert_eq!(tokens(Some("silent")), Layer::Silent);
    assert_eq!(tokens(Some("no-preference")), Layer::Silent);
    assert_eq!(tokens(Some("required")), Layer::Sets(Tokens::Required));
    assert_eq!(tokens(Some("Required")), Layer::Unrecognised);
    let hops = |word| Layer::<i64>::parse(Some(word));
    assert_eq!([hops("-1"), hops("64")], [Layer::Silent, Layer::Sets(64)]);
    assert_eq!([hops("0"), hops("65"), hops("x")], [Layer::Unrecognised; 3]);
    assert_eq!(Layer::<ImageV2>::parse(Some("v3.0")), Layer::Unrecognised);
}

#[test]
fn what_a_launch_gives() {
    use Endpoint::{Disabled, Enabled};
    use Tokens::{Optional, Required};
    let on = Layer::Sets(Enforcement::Enabled);
    let off = Layer::Sets(Enforcement::Disabled);
    let table = [
        (Some(Required), Some(Enabled), off, Gives::V2),
        (Some(Required), Some(Disabled), off, Gives::V2),
        (Some(Required), None, Layer::Unread, Gives::V2),
        (Some(Required), None, on, Gives::V2),
        (Some(Optional), Some(Enabled), off, Gives::V1),
        (Some(Optional), Some(Enabled), Layer::Silent, Gives::V1),
        (Some(Optional), Some(Enabled), Layer::Unread, Gives::V1),
        (Some(Optional), Some(Enabled), on, Gives::Refused),
        (Some(Optional), Some(Disabled), on, Gives::Refused),
        (Some(Optional), Some(Disabled), off, Gives::EndpointDisabled),
        (Some(Optional), Some(Disabled), Layer::Unread, Gives::Unknown),
        (Some(Optional), None, off, Gives::Unknown),
        (None, Some(Disabled), Layer::Silent, Gives::EndpointDisabled),
        (None, Some(Disabled), on, Gives::Unknown),
        (None, Some(Enabled), off, Gives::Unknown),
        (None, None, Layer::Unrecognised, Gives::Unknown),
    ];
    for (tokens, endpoint, enforcement, gives) in table {
        assert_eq!(
            launch_gives(tokens, endpoint, enforcement),
            gives,
            "{tokens:?} {endpoint:?} {enforcement:?}"
        );
    }
}

fn layer<T: Clone + fmt::Debug + 'static>(values: Vec<T>) -> impl Strategy<Value = Layer<T>> {
    prop_oneof![
        prop::sample::select(values).prop_map(Layer::Sets),
        Just(Layer::Silent),
        Just(Layer::Unread),
        Just(Layer::Unrecognised),
    ]
}

fn tokens() -> impl Strategy<Value = Layer<Tokens>> {
    layer(vec![Tokens::Optional, Tokens::Required])
}

fn endpoint() -> impl Strategy<Value = Layer<Endpoint>> {
    layer(vec![Endpoint::Enabled, Endpoint::Disabled])
}

fn image() -> impl Strategy<Value = Layer<ImageV2>> {
    layer(vec![ImageV2])
}

fn enforcement() -> impl Strategy<Value = Layer<Enforcement>> {
    layer(vec![Enforcement::Disabled, Enforcement::Enabled])
}

/// A launch in all its layers.
#[derive(Debug, Clone, Copy)]
struct Launch {
    tokens: [Layer<Tokens>; 2],
    endpoint: [Layer<Endpoint>; 2],
    image: Layer<ImageV2>,
    enforcement: Layer<Enforcement>,
}

impl Launch {
    fn gives(self) -> Gives {
        let [launch, account] = self.tokens;
        let [endpoint, default_endpoint] = self.endpoint;
        launch_gives(
            http_tokens(launch, account, self.image).value(),
            http_endpoint(endpoint, default_endpoint).value(),
            self.enforcement,
        )
    }

    /// The same launch, with what was not read taken from another.
    fn told_by(self, truth: Self) -> Self {
        Self {
            tokens: [0, 1].map(|at| filled(self.tokens[at], truth.tokens[at])),
            endpoint: [0, 1].map(|at| filled(self.endpoint[at], truth.endpoint[at])),
            image: filled(self.image, truth.image),
            enforcement: filled(self.enforcement, truth.enforcement),
        }
    }
}

fn launch() -> impl Strategy<Value = Launch> {
    ([tokens(), tokens()], [endpoint(), endpoint()], image(), enforcement()).prop_map(
        |(tokens, endpoint, image, enforcement)| Launch { tokens, endpoint, image, enforcement },
    )
}

/// A launch of which every layer was read.
fn read_launch() -> impl Strategy<Value = Launch> {
    launch().prop_map(|launch| {
        let silent = Launch {
            tokens: [Layer::Silent; 2],
            endpoint: [Layer::Silent; 2],
            image: Layer::Silent,
            enforcement: Layer::Silent,
        };
        launch.told_by(silent)
    })
}

/// How strict a layer is: one that leaves an option is stricter than one that loosens it.
const fn of_tokens(layer: Layer<Tokens>) -> u8 {
    match layer {
        Layer::Sets(Tokens::Required) => 2,
        Layer::Sets(Tokens::Optional) => 0,
        _ => 1,
    }
}

const fn of_endpoint(layer: Layer<Endpoint>) -> u8 {
    match layer {
        Layer::Sets(Endpoint::Disabled) => 2,
        Layer::Sets(Endpoint::Enabled) => 0,
        _ => 1,
    }
}

const fn passes(gives: Gives) -> bool {
    matches!(gives, Gives::V2 | Gives::EndpointDisabled)
}

const fn open<T>(layer: &Layer<T>) -> bool {
    matches!(layer, Layer::Unread | Layer::Unrecognised)
}

fn filled<T>(layer: Layer<T>, with: Layer<T>) -> Layer<T> {
    if open(&layer) && !open(&with) { with } else { layer }
}

proptest! {
    #[test]
    fn a_layer_decides_only_if_those_above_are_silent(
        launch in tokens(), account in tokens(), image in image(),
    ) {
        let above = |source| match source {
            Source::Launch => vec![],
            Source::AccountDefault => vec![launch],
            _ => vec![launch, account],
        };
        let resolved = http_tokens(launch, account, image);
        let decider = resolved.source().or(resolved.missing()).unwrap();
        prop_assert!(above(decider).into_iter().all(|layer| layer == Layer::Silent));
        if decider == Source::ServiceDefault {
            prop_assert_eq!(image, Layer::Silent);
        }
        if launch != Layer::Silent {
            prop_assert_eq!(decider, Source::Launch);
        }
    }

    #[test]
    fn stricter_layers_never_give_a_laxer_launch(
        lax in read_launch(), strict in read_launch(), which in 0..6_usize,
    ) {
        let mut stricter = lax;
        match which {
            0 | 1 if of_tokens(strict.tokens[which]) > of_tokens(lax.tokens[which]) => {
                stricter.tokens[which] = strict.tokens[which];
            }
            2 | 3 if of_endpoint(strict.endpoint[which - 2]) > of_endpoint(lax.endpoint[which - 2]) => {
                stricter.endpoint[which - 2] = strict.endpoint[which - 2];
            }
            4 => stricter.image = Layer::Sets(ImageV2),
            5 => stricter.enforcement = Layer::Sets(Enforcement::Enabled),
            _ => {}
        }
        // Of what is known, version 1 is the one lax answer.
        if lax.gives() != Gives::V1 {
            prop_assert_ne!(stricter.gives(), Gives::V1, "{:?} {:?}", lax, stricter);
        }
        if lax.gives() == Gives::V2 {
            prop_assert_eq!(stricter.gives(), Gives::V2);
        }
    }

    /// What passes passes whatever the layers say that were not read.
    #[test]
    fn unread_never_yields_a_pass(read in launch(), truth in launch()) {
        let told = read.told_by(truth);
        if passes(read.gives()) {
            prop_assert!(passes(told.gives()), "{:?} {:?}", read, told);
        }
        if read.gives() == Gives::V1 {
            prop_assert!(!passes(told.gives()), "{:?} {:?}", read, told);
        }
    }
}
