//! The body of a request as the JSON answers tell it.

use super::args::{by_name, pairs};
use axum::{
    body::Bytes,
    extract::{FromRequest, Multipart, Request},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderMap, header};
use serde_json::{Value, json};

#[derive(Clone, Debug, Default)]
pub(super) struct Content {
    data: String,
    form: Vec<(String, String)>,
    files: Vec<(String, String)>,
    json: Value,
}

impl Content {
    /// Adds the members about the body to an answer.
    pub(super) fn join(self, answer: &mut Value) {
        answer["data"] = self.data.into();
        answer["form"] = by_name(self.form).into();
        answer["files"] = by_name(self.files).into();
        answer["json"] = self.json;
    }
}

impl<S: Send + Sync> FromRequest<S> for Content {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        match media_type(request.headers()).as_str() {
            "application/x-www-form-urlencoded" => {
                Ok(Self { form: pairs(&body(request, state).await?), ..Self::default() })
            }
            "multipart/form-data" => {
                let parts = Multipart::from_request(request, state);
                read_parts(parts.await.map_err(IntoResponse::into_response)?).await
            }
            _ => {
                let body = body(request, state).await?;
                Ok(Self {
                    json: serde_json::from_slice(&body).unwrap_or(json!(null)),
                    data: text_or_data_url(&body, "application/octet-stream"),
                    ..Self::default()
                })
            }
        }
    }
}

pub(super) fn media_type(headers: &HeaderMap) -> String {
    let value = headers.get(header::CONTENT_TYPE);
    let value = value.and_then(|value| value.to_str().ok());
    let essence = value.and_then(|value| value.split(';').next());
    essence.unwrap_or_default().trim().to_ascii_lowercase()
}

async fn body<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Response> {
    let body = Bytes::from_request(request, state).await;
    body.map_err(IntoResponse::into_response)
}

async fn read_parts(mut parts: Multipart) -> Result<Content, Response> {
    let mut content = Content::default();
    while let Some(part) = parts.next_field().await.map_err(IntoResponse::into_response)? {
        let name = part.name().unwrap_or_default().to_owned();
        let media_type = part.content_type().unwrap_or("application/octet-stream");
        let media_type = media_type.to_owned();
        let list = if part.file_name().is_some() { &mut content.files } else { &mut content.form };
        let bytes = part.bytes().await.map_err(IntoResponse::into_response)?;
        list.push((name, text_or_data_url(&bytes, &media_type)));
    }
    Ok(content)
}

fn text_or_data_url(bytes: &[u8], media_type: &str) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => format!("data:{media_type};base64,{}", STANDARD.encode(bytes)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;

    async fn read(content_type: &str, body: impl Into<Body>) -> Value {
        let request = Request::post("/").header("content-type", content_type);
        let request = request.body(body.into()).unwrap();
        let mut answer = json!({});
        let content = Content::from_request(request, &()).await.unwrap();
        content.join(&mut answer);
        answer
    }

    #[tokio::test]
    async fn json_is_data_and_json() {
        assert_eq!(
            read("application/json", r#"{"a": [1]}"#).await,
            json!({"data": "{\"a\": [1]}", "form": {}, "files": {}, "json": {"a": [1]}})
        );
        assert_eq!(
            read("text/plain", "plain").await,
            json!({"data": "plain", "form": {}, "files": {}, "json": null})
        );
    }

    #[tokio::test]
    async fn bytes_that_are_no_text_are_a_data_url() {
        assert_eq!(
            read("image/png", vec![0xff, 0x00]).await["data"],
            "data:application/octet-stream;base64,/wA="
        );
    }

    #[tokio::test]
    async fn an_urlencoded_body_is_a_form() {
        let content_type = "Application/X-WWW-Form-Urlencoded; charset=utf-8";
        assert_eq!(
            read(content_type, "a=1&b=2&a=%26").await,
            json!({"data": "", "form": {"a": ["1", "&"], "b": "2"}, "files": {}, "json": null})
        );
    }

    #[tokio::test]
    async fn multipart_is_a_form_and_files() {
        let body = "--x\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nHi\r\n\
            --x\r\nContent-Disposition: form-data; name=\"doc\"; filename=\"a.txt\"\r\n\
            Content-Type: text/plain\r\n\r\ncontent\r\n--x--\r\n";
        assert_eq!(
            read("multipart/form-data; boundary=x", body).await,
            json!({"data": "", "form": {"title": "Hi"}, "files": {"doc": "content"}, "json": null})
        );
    }

    #[tokio::test]
    async fn a_broken_multipart_body_is_refused() {
        let request = Request::post("/").header("content-type", "multipart/form-data");
        let request = request.body(Body::empty()).unwrap();
        let refused = Content::from_request(request, &()).await.unwrap_err();
        assert_eq!(refused.status(), http::StatusCode::BAD_REQUEST);
    }
}
