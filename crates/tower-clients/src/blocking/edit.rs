//! Conditional changes that are waited for.

use super::Blocking;
use crate::{
    RequestBuilder, Resource,
    request::{Edit, Updating},
};
use serde::{Serialize, de::DeserializeOwned};
use tower_clients_layers::{Body, BoxError, Content, Error, HttpService, url::ToReference};

/// The blocking forms of the async methods of the same names; `change` is called on this thread.
///
/// Their errors are those of the async forms, and
/// [`ErrorKind::Blocking`](crate::ErrorKind::Blocking) inside of an async task.
impl<S: HttpService<Body> + Clone> RequestBuilder<Blocking<S>, Edit> {
    /// Reads the document as JSON, to be changed and [put](Updating::put) back.
    ///
    /// # Errors
    ///
    /// See the async form.
    pub fn read<T: DeserializeOwned>(self) -> Result<Updating<Blocking<S>, T>, Error> {
        let (request, driver) = self.split();
        let updating = driver.run(request.read())?;
        Ok(updating.map_service(|service| Blocking::new(service, driver)))
    }

    /// Reads the document as JSON, lets `change` change it and puts it back, on the condition that
    /// it is still the one that was read; else again.
    ///
    /// # Errors
    ///
    /// See the async form.
    pub fn with<T, F>(self, change: F) -> Result<Content, Error>
    where
        T: Serialize + DeserializeOwned,
        F: FnMut(&mut T),
    {
        let (request, driver) = self.split();
        driver.run(request.with(change))
    }

    /// Like [`with`](Self::with), with a change that can fail. Then nothing is put.
    ///
    /// # Errors
    ///
    /// See the async form.
    pub fn try_with<T, F, E>(self, change: F) -> Result<Content, Error>
    where
        T: Serialize + DeserializeOwned,
        F: FnMut(&mut T) -> Result<(), E>,
        E: Into<BoxError>,
    {
        let (request, driver) = self.split();
        driver.run(request.try_with(change))
    }
}

impl<S: HttpService<Body> + Clone, T: Serialize> Updating<Blocking<S>, T> {
    /// Puts the document as JSON, on the condition that the resource is still what was read, and
    /// gives what is answered: the blocking form of the async `put`.
    ///
    /// # Errors
    ///
    /// Those of the async form, and [`ErrorKind::Blocking`](crate::ErrorKind::Blocking) inside of an
    /// async task.
    pub fn put(self) -> Result<Content, Error> {
        let driver = self.service().driver.clone();
        driver.run(self.map_service(|service| service.inner).put())
    }
}

impl<S: HttpService<Body> + Clone> Resource<Blocking<S>> {
    /// Reads a JSON document that is put back only by [`put`](Updating::put). Short for
    /// `edit(reference).read()`.
    ///
    /// # Errors
    ///
    /// See the async form.
    pub fn updating<T: DeserializeOwned>(
        &self,
        reference: impl ToReference,
    ) -> Result<Updating<Blocking<S>, T>, Error> {
        self.edit(reference).read()
    }
}
