//! `/links/{page}`: a collection in pages that link to each other (RFC 8288).

use super::{Refused, args::Args};
use axum::{Json, Router, extract::Path, response::IntoResponse, routing::get};
use http::header;
use serde_json::{Value, json};

const PER_PAGE: u64 = 3;
const MOST_PAGES: u64 = 1000;

pub(super) fn routes() -> Router {
    Router::new().route("/links/{page}", get(page))
}

async fn page(Path(page): Path<u64>, args: Args) -> Result<impl IntoResponse, Refused> {
    let pages = args.parse("pages")?.unwrap_or(3);
    if !(1..=MOST_PAGES).contains(&pages) {
        return Err(Refused::bad_request(format!("there are 1 to {MOST_PAGES} pages")));
    }
    if !(1..=pages).contains(&page) {
        return Err(Refused::not_found("no such page"));
    }

    let next = (page < pages).then_some(("next", page + 1));
    let prev = (page > 1).then_some(("prev", page - 1));
    let ends = [("first", 1), ("last", pages)];
    let links: Vec<String> = next
        .into_iter()
        .chain(prev)
        .chain(ends)
        .map(|(rel, page)| format!("</links/{page}?pages={pages}>; rel=\"{rel}\""))
        .collect();
    let first_id = (page - 1) * PER_PAGE + 1;
    let items: Vec<Value> =
        (first_id..first_id + PER_PAGE).map(|id| json!({ "id": id, "page": page })).collect();
    Ok(([(header::LINK, links.join(", "))], Json(items)))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{get, json};
    use http::StatusCode;
    use serde_json::json;

    #[tokio::test]
    async fn a_page_links_to_its_neighbours_and_the_ends() {
        let response = get("/links/2").await;
        assert_eq!(
            response.headers()["link"],
            "</links/3?pages=3>; rel=\"next\", </links/1?pages=3>; rel=\"prev\", \
             </links/1?pages=3>; rel=\"first\", </links/3?pages=3>; rel=\"last\""
        );
        assert_eq!(
            json(response).await,
            json!([{"id": 4, "page": 2}, {"id": 5, "page": 2}, {"id": 6, "page": 2}])
        );
    }

    #[tokio::test]
    async fn the_ends_have_one_neighbour() {
        let first = get("/links/1?pages=2").await;
        let links = first.headers()["link"].to_str().unwrap();
        assert!(links.contains("\"next\"") && !links.contains("\"prev\""));
        let last = get("/links/2?pages=2").await;
        let links = last.headers()["link"].to_str().unwrap();
        assert!(links.contains("\"prev\"") && !links.contains("\"next\""));
    }

    #[tokio::test]
    async fn there_are_no_other_pages() {
        for path in ["/links/0", "/links/4", "/links/3?pages=2"] {
            assert_eq!(get(path).await.status(), StatusCode::NOT_FOUND, "{path}");
        }
        for path in ["/links/1?pages=0", "/links/1?pages=x"] {
            assert_eq!(get(path).await.status(), StatusCode::BAD_REQUEST, "{path}");
        }
    }
}
