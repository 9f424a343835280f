//! Builds the connection pools: TLS, proxies, timeouts.

use crate::settings::Resolved;
use crate::{Environment, Error, redact, tls};
use reqwest::{NoProxy, Proxy, redirect};
use std::time::Duration;
use url::Url;

pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const USER_AGENT: &str = concat!("pybun/", env!("CARGO_PKG_VERSION"));

/// A pool that checks certificates, or one that does not (for pip's `trusted-host` only).
pub(crate) fn pool(env: &Environment, settings: &Resolved, checked: bool) -> Result<reqwest::Client, Error> {
    let tls = if checked { tls::verified(env, settings.pip_cert.as_deref())? } else { tls::unverified() };
    let mut builder = reqwest::Client::builder()
        .user_agent(USER_AGENT)
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(settings.read_timeout)
        .redirect(redirect::Policy::none())
        .http2_initial_stream_window_size(4 << 20)
        .http2_initial_connection_window_size(32 << 20)
        .tls_backend_preconfigured(tls)
        .no_proxy();
    for proxy in proxies(env)? {
        builder = builder.proxy(proxy);
    }
    let url = settings.indexes.first().map(|index| redact::redacted(&index.url)).unwrap_or_default();
    builder.build().map_err(|error| Error::Unreachable { url, why: error.without_url().to_string() })
}

/// As curl and pip read them. The upper-case HTTP_PROXY is ignored in a CGI program, where a client could set it.
fn proxies(env: &Environment) -> Result<Vec<Proxy>, Error> {
    let get = |names: [&'static str; 2]| {
        names.into_iter().find_map(|name| env.get(name).filter(|value| !value.is_empty()).map(|value| (name, value)))
    };
    let in_cgi = env.contains_key("REQUEST_METHOD");
    let except = get(["no_proxy", "NO_PROXY"]).and_then(|(_, list)| NoProxy::from_string(list));
    let mut proxies = Vec::new();
    let http = get(["http_proxy", if in_cgi { "http_proxy" } else { "HTTP_PROXY" }]);
    for (found, scheme) in
        [(http, "http"), (get(["https_proxy", "HTTPS_PROXY"]), "https"), (get(["all_proxy", "ALL_PROXY"]), "all")]
    {
        let Some((name, value)) = found else { continue };
        let with_scheme = if value.contains("://") { value.clone() } else { format!("http://{value}") };
        let bad = |why: String| Error::BadUrl { text: format!("{name}={}", redact::redacted_text(value)), why };
        let url = Url::parse(&with_scheme).map_err(|error| bad(error.to_string()))?;
        let proxy = match scheme {
            "http" => Proxy::http(url),
            "https" => Proxy::https(url),
            _ => Proxy::all(url),
        };
        let proxy = proxy.map_err(|error| bad(error.without_url().to_string()))?;
        proxies.push(proxy.no_proxy(except.clone()));
    }
    Ok(proxies)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(pairs: &[(&str, &str)]) -> Environment {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn takes_proxies_from_the_given_environment() {
        assert_eq!(proxies(&env(&[])).unwrap().len(), 0);
        assert_eq!(
            proxies(&env(&[("HTTP_PROXY", "p:1"), ("https_proxy", "http://q:2"), ("ALL_PROXY", "socks5://r")]))
                .unwrap()
                .len(),
            3
        );
        assert_eq!(proxies(&env(&[("HTTP_PROXY", "p:1"), ("REQUEST_METHOD", "GET")])).unwrap().len(), 0);
        let error = proxies(&env(&[("https_proxy", "http://me:secret@:x")])).unwrap_err();
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}
