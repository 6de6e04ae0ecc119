//! The requests behind each way to version 1, each with what a guardrail leaves alone.

use crate::{
    achieve::Judge,
    choice::Ask,
    imds::{Caller, Launch, TOKENS},
    request::{KeyValue, Request},
};

/// Which services are tried with credentials from version 1, besides an action that no policy can name.
const CALLS: [&str; 5] = [
    "imdsure:AnActionThatNoPolicyNames",
    "s3:GetObject",
    "sts:GetCallerIdentity",
    "iam:CreateUser",
    "ec2:DescribeInstances",
];

/// What a launch says that leaves the endpoint open: so, or nothing.
const ENDPOINTS: [Option<&str>; 2] = [Some("enabled"), None];

impl Judge<'_> {
    pub(crate) fn launch_of(
        &self,
        tokens: &str,
        endpoint: Option<&str>,
        hop_limit: Option<&str>,
    ) -> Request {
        self.caller.launch(&Launch {
            tokens: Some(tokens.to_owned()),
            endpoint: endpoint.map(str::to_owned),
            hop_limit: hop_limit.map(str::to_owned),
            template: false,
        })
    }

    pub(crate) fn silent_asks(&self, tokens: &KeyValue) -> Vec<Ask> {
        let ask = |endpoint| {
            let better = self.launch_of("required", endpoint, Some("1"));
            let mut request = better.clone();
            for resource in request.resources.iter_mut().filter(|r| r.kind == "instance") {
                resource.context.set(TOKENS, tokens.clone());
            }
            Ask { what: "a launch that names no HttpTokens", request, better }
        };
        ENDPOINTS.map(ask).into()
    }

    /// Who launches chooses endpoint and hop limit too, or is silent about them: one way that passes is
    /// enough.
    pub(crate) fn launch_asks(&self) -> Vec<Ask> {
        let asks = ENDPOINTS.iter().flat_map(|endpoint| {
            [None, Some("1")].map(|hop_limit| Ask {
                what: "a launch that asks for HttpTokens=optional",
                request: self.launch_of("optional", *endpoint, hop_limit),
                better: self.launch_of("required", *endpoint, hop_limit),
            })
        });
        asks.collect()
    }

    /// AWS's guide shows the endpoint sent with the tokens; either may be what somebody sends.
    pub(crate) fn way_back_asks(&self) -> Vec<Ask> {
        let ask = |endpoint: Option<(&'static str, &'static str)>| {
            let modify =
                |tokens| self.caller.modify([("HttpTokens", tokens)].into_iter().chain(endpoint));
            Ask {
                what: "ModifyInstanceMetadataOptions to HttpTokens=optional",
                request: modify("optional"),
                better: modify("required"),
            }
        };
        vec![ask(None), ask(Some(("HttpEndpoint", "enabled")))]
    }

    /// No values of the defaults are better to a policy: reading them is what a guardrail leaves alone.
    pub(crate) fn defaults_asks(&self) -> Vec<Ask> {
        let request = self.caller.modify_defaults();
        let better =
            Request { action: "ec2:GetInstanceMetadataDefaults".to_owned(), ..request.clone() };
        vec![Ask { what: "ModifyInstanceMetadataDefaults", request, better }]
    }

    pub(crate) fn hop_limit_asks(&self) -> Vec<Ask> {
        let launch = |limit| self.launch_of("required", Some("enabled"), Some(limit));
        let change = |limit| self.caller.modify([("HttpPutResponseHopLimit", limit)]);
        vec![
            Ask {
                what: "a launch with a hop limit of 64",
                request: launch("64"),
                better: launch("1"),
            },
            Ask {
                what: "ModifyInstanceMetadataOptions to a hop limit of 64",
                request: change("64"),
                better: change("1"),
            },
        ]
    }

    pub(crate) fn v1_credentials_asks(&self) -> Vec<Ask> {
        let call = |version: &str, action| {
            let role_delivery = Some(version.to_owned());
            Caller { role_delivery, ..self.caller.clone() }.call(action)
        };
        let ask = |action: &'static str| Ask {
            what: match action.strip_prefix("imdsure:") {
                Some(_) => "a call with credentials that version 1 delivered",
                None => action,
            },
            request: call("1.0", action),
            better: call("2.0", action),
        };
        CALLS.map(ask).into()
    }

    /// The requests behind each way, in the order of the ways.
    pub(crate) fn asks(&self) -> [Vec<Ask>; 5] {
        [
            self.launch_asks(),
            self.way_back_asks(),
            self.defaults_asks(),
            self.hop_limit_asks(),
            self.v1_credentials_asks(),
        ]
    }
}
