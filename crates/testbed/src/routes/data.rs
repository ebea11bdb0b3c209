//! Fixed documents in the common formats.

use axum::{
    Json, Router,
    response::{Html, IntoResponse},
    routing::get,
};
use http::header::CONTENT_TYPE;
use serde_json::{Value, json};

pub(super) fn routes() -> Router {
    Router::new()
        .route("/", get(async || Html(include_str!("../../assets/index.html"))))
        .route("/html", get(async || Html(include_str!("../../assets/page.html"))))
        .route("/encoding/utf8", get(async || Html(include_str!("../../assets/utf8.html"))))
        .route("/json", get(async || Json(slideshow())))
        .route("/xml", get(xml))
        .route("/robots.txt", get(async || plain("User-agent: *\nDisallow: /deny\n")))
        .route("/deny", get(async || plain("Robots were asked not to come here.\n")))
        .route("/image/png", get(png))
        .route("/image/svg", get(svg))
}

fn slideshow() -> Value {
    json!({
        "slideshow": {
            "author": "The keeper",
            "date": "A calm evening",
            "slides": [
                {"title": "Why they stand where they stand", "type": "all"},
                {
                    "items": ["From <em>oil</em> to electricity", "What a lens does"],
                    "title": "Lamps",
                    "type": "all",
                },
            ],
            "title": "Lighthouses",
        }
    })
}

async fn xml() -> impl IntoResponse {
    let document = include_str!("../../assets/slideshow.xml");
    ([(CONTENT_TYPE, "application/xml")], document)
}

fn plain(text: &'static str) -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/plain")], text)
}

async fn png() -> impl IntoResponse {
    let image: &[u8] = include_bytes!("../../assets/checkers.png");
    ([(CONTENT_TYPE, "image/png")], image)
}

async fn svg() -> impl IntoResponse {
    let image = include_str!("../../assets/circle.svg");
    ([(CONTENT_TYPE, "image/svg+xml")], image)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{bytes, get, get_json, text};
    use http::StatusCode;

    #[tokio::test]
    async fn each_document_has_its_type() {
        for (path, content_type, start) in [
            ("/", "text/html; charset=utf-8", "<!doctype html>"),
            ("/html", "text/html; charset=utf-8", "<!doctype html>"),
            ("/encoding/utf8", "text/html; charset=utf-8", "<!doctype html>"),
            ("/json", "application/json", "{\"slideshow\":"),
            ("/xml", "application/xml", "<?xml"),
            ("/robots.txt", "text/plain", "User-agent: *"),
            ("/deny", "text/plain", "Robots"),
            ("/image/svg", "image/svg+xml", "<svg"),
        ] {
            let response = get(path).await;
            assert_eq!(response.status(), StatusCode::OK, "{path}");
            assert_eq!(response.headers()["content-type"], content_type, "{path}");
            let text = text(response).await;
            assert!(text.starts_with(start), "{path}: {text}");
        }
    }

    #[tokio::test]
    async fn the_page_has_a_heading() {
        assert!(text(get("/html").await).await.contains("<h1>"));
    }

    #[tokio::test]
    async fn the_slideshow_has_its_members() {
        let slideshow = &get_json("/json").await["slideshow"];
        for member in ["author", "date", "title"] {
            assert!(slideshow[member].is_string(), "{member}");
        }
        assert_eq!(slideshow["slides"][1]["type"], "all");
    }

    #[tokio::test]
    async fn the_image_is_a_png() {
        let response = get("/image/png").await;
        assert_eq!(response.headers()["content-type"], "image/png");
        let image = bytes(response).await;
        assert!(image.starts_with(b"\x89PNG\r\n\x1a\n"));
        assert!(image.ends_with(b"IEND\xae\x42\x60\x82"));
    }
}
