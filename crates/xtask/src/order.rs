//! The order of a page: whoever has read one layer finds everything in all others.

/// What stands too early in `page`, if it is that of a layer. Parts that it has elsewhere, or not at all, are
/// no fault.
pub(crate) fn fault(page: &str) -> Option<String> {
    let layer = page.lines().find_map(layer_of)?;
    let service = page.lines().find_map(service_of)?;
    let is_layer = |line: &str| defines(line, layer);
    let is_service = |line: &str| defines(line, service);
    let serves = |line: &str| line.starts_with("impl<") && serves(line, service);
    let makes = |line: &str| line.starts_with("impl") && makes(line, layer);
    let parts: [(&str, &dyn Fn(&str) -> bool); 9] = [
        ("documentation", &|line| line.starts_with("//!")),
        ("imports", &is_import),
        ("layer", &is_layer),
        ("constructors", &makes),
        ("`impl Layer`", &|line| layer_of(line).is_some()),
        ("service", &is_service),
        ("`impl Service`", &serves),
        ("future", &|line| defines(line, "ResponseFuture")),
        ("body", &is_body),
    ];
    let tests = page.lines().position(|line| line == "mod tests {");
    let first = parts.iter().map(|(name, is)| (*name, page.lines().position(is)));
    let present = first.chain([("tests", tests)]).filter_map(|(name, at)| Some((name, at?)));
    let present: Vec<(&str, usize)> = present.collect();
    let swapped = present.windows(2).find(|pair| pair[1].1 < pair[0].1)?;
    Some(format!("the {} must come before the {}", swapped[0].0, swapped[1].0))
}

/// `Retry` of `impl<S> Layer<S> for RetryLayer {`, with its ending.
fn layer_of(line: &str) -> Option<&str> {
    let (_, name) = line.strip_prefix("impl<")?.split_once(" Layer<S> for ")?;
    name.split(['<', ' ']).next()
}

/// `Retry` of `type Service = Retry<S>;`.
fn service_of(line: &str) -> Option<&str> {
    line.trim_start().strip_prefix("type Service = ")?.split(['<', ';']).next()
}

fn defines(line: &str, name: &str) -> bool {
    let rest = line.trim_start().strip_prefix("pub struct ");
    let rest = rest.and_then(|rest| rest.strip_prefix(name));
    rest.is_some_and(|rest| rest.starts_with(['<', ' ', '(', ';']))
}

/// `impl RetryLayer {`
fn makes(line: &str, layer: &str) -> bool {
    let name = line.split(' ').nth(1).and_then(|name| name.split('<').next());
    name == Some(layer)
}

fn serves(line: &str, service: &str) -> bool {
    let implemented =
        line.split_once(" Service<Request<").and_then(|(_, rest)| rest.split_once(" for "));
    implemented.is_some_and(|(_, name)| name.split(['<', ' ']).next() == Some(service))
}

fn is_import(line: &str) -> bool {
    ["use ", "pub use ", "mod "].iter().any(|start| line.starts_with(start))
        && line != "mod tests {"
}

fn is_body(line: &str) -> bool {
    let name =
        line.trim_start().strip_prefix("pub struct ").and_then(|rest| rest.split('<').next());
    line == "tracked_body! {" || name.is_some_and(|name| name.ends_with("Body"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: [&str; 11] = [
        "//! Retries.\n",
        "use http::Request;\n",
        "pub struct RetryLayer {\n    attempts: usize,\n}\n",
        "impl RetryLayer {\n    pub fn new() -> Self {\n    }\n}\n",
        "impl<S> Layer<S> for RetryLayer {\n    type Service = Retry<S>;\n}\n",
        "pub struct Retry<S> {\n    inner: S,\n}\n",
        "impl<S, B> Service<Request<B>> for Retry<S>\nwhere\n{\n}\n",
        "pin_project! {\n    pub struct ResponseFuture<F> {\n    }\n}\n",
        "pin_project! {\n    pub struct RetryBody<B> {\n    }\n}\n",
        "fn helper() {}\n",
        "#[cfg(test)]\nmod tests {\n    use super::*;\n}\n",
    ];

    #[test]
    fn page_in_order_has_no_fault() {
        assert_eq!(fault(&PAGE.concat()), None);
    }

    #[test]
    fn part_that_stands_elsewhere_is_no_fault() {
        for left_out in [1, 2, 3, 5, 6, 7, 8, 10] {
            let mut page = PAGE;
            page[left_out] = "";
            assert_eq!(fault(&page.concat()), None, "without {left_out}");
        }
    }

    #[test]
    fn part_that_stands_before_its_place_is_a_fault() {
        for late in [0, 1, 2, 3, 4, 5, 6, 7] {
            let mut page = PAGE;
            page.swap(late, late + 1);
            assert!(fault(&page.concat()).is_some(), "{}", page.concat());
        }
        let mut page = PAGE;
        page.swap(8, 10);
        assert_eq!(fault(&page.concat()).unwrap(), "the body must come before the tests");
    }

    #[test]
    fn file_without_a_layer_has_no_order() {
        let text = [PAGE[7], PAGE[5], PAGE[1]].concat();
        assert_eq!(fault(&text), None);
    }
}
