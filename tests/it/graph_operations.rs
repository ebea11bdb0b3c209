//! Operations that other crates derive from the schema of the testbed, and what it makes of them.

use tower_clients::{Error, Graph, graph::GraphErrors};

fn graph() -> Graph<axum::Router> {
    Graph::with_service("http://in.process/graphql", testbed::router()).unwrap()
}

/// The code of the only error of a response, and whether it has data.
fn code(error: &Error) -> (Option<&str>, bool) {
    let errors: &GraphErrors = error.find_source().unwrap();
    assert_eq!(errors.errors().len(), 1);
    (errors.errors()[0].code(), errors.data().is_some())
}

mod of_cynic {
    use super::{code, graph};
    use cynic::{MutationBuilder, QueryBuilder};

    mod schema {
        cynic::use_schema!("../crates/testbed/assets/schema.graphql");
    }

    #[cynic::schema_for_derives(
        file = "../crates/testbed/assets/schema.graphql",
        module = "schema"
    )]
    mod operations {
        use super::schema;

        #[derive(cynic::QueryVariables)]
        pub(super) struct ById {
            pub(super) id: cynic::Id,
        }

        #[derive(Debug, cynic::QueryFragment)]
        #[cynic(graphql_type = "Query", variables = "ById")]
        pub(super) struct UserById {
            #[arguments(id: $id)]
            pub(super) user: Option<User>,
        }

        #[derive(Debug, PartialEq, cynic::QueryFragment)]
        pub(super) struct User {
            pub(super) name: String,
            pub(super) email: Option<String>,
        }

        #[derive(cynic::QueryVariables)]
        pub(super) struct NewName {
            pub(super) id: cynic::Id,
            pub(super) name: &'static str,
        }

        #[derive(Debug, cynic::QueryFragment)]
        #[cynic(graphql_type = "Mutation", variables = "NewName")]
        pub(super) struct Rename {
            #[arguments(id: $id, name: $name)]
            pub(super) rename: User,
        }
    }

    use operations::{ById, NewName, Rename, User, UserById};

    #[tokio::test]
    async fn query_with_variables_is_executed() {
        let operation = UserById::build(ById { id: "1".into() });
        let data: UserById = graph().operation(&operation).await.unwrap();
        let ada = User { name: "Ada".into(), email: Some("ada@example.com".into()) };
        assert_eq!(data.user, Some(ada));
        let operation = UserById::build(ById { id: "3".into() });
        let data: UserById = graph().operation(&operation).await.unwrap();
        assert_eq!(data.user, None);
    }

    #[tokio::test]
    async fn partial_data_is_a_fragment() {
        let operation = UserById::build(ById { id: "2".into() });
        let error = graph().operation::<UserById>(&operation).await.unwrap_err();
        assert_eq!(code(&error), (Some("FORBIDDEN"), true));
        let response = graph().operation::<UserById>(&operation).response().await.unwrap();
        let charles = User { name: "Charles".into(), email: None };
        assert_eq!(response.data.unwrap().user, Some(charles));
        assert_eq!(response.errors[0].code(), Some("FORBIDDEN"));
    }

    #[tokio::test]
    async fn mutation_is_executed() {
        let rename = |id: &str| Rename::build(NewName { id: id.into(), name: "Eve" });
        let data: Rename = graph().operation(&rename("1")).await.unwrap();
        assert_eq!(data.rename.name, "Eve");
        let error = graph().operation::<Rename>(&rename("3")).await.unwrap_err();
        assert_eq!(code(&error), (Some("NOT_FOUND"), false));
    }
}

mod of_graphql_client {
    use super::{code, graph};
    use graphql_client::GraphQLQuery;

    #[derive(GraphQLQuery)]
    #[graphql(
        schema_path = "../crates/testbed/assets/schema.graphql",
        query_path = "it/operations.graphql",
        response_derives = "Debug, PartialEq"
    )]
    struct UserById;

    #[derive(GraphQLQuery)]
    #[graphql(
        schema_path = "../crates/testbed/assets/schema.graphql",
        query_path = "it/operations.graphql",
        response_derives = "Debug"
    )]
    struct Rename;

    use user_by_id::UserByIdUser as User;

    #[tokio::test]
    async fn query_with_variables_is_executed() {
        let operation = UserById::build_query(user_by_id::Variables { id: "1".into() });
        let data: user_by_id::ResponseData = graph().operation(&operation).await.unwrap();
        let ada = User { name: "Ada".into(), email: Some("ada@example.com".into()) };
        assert_eq!(data.user, Some(ada));
    }

    #[tokio::test]
    async fn partial_data_is_response_data() {
        let operation = UserById::build_query(user_by_id::Variables { id: "2".into() });
        let call = || graph().operation::<user_by_id::ResponseData>(&operation);
        assert_eq!(code(&call().await.unwrap_err()), (Some("FORBIDDEN"), true));
        let data = call().response().await.unwrap().data.unwrap();
        assert_eq!(data.user, Some(User { name: "Charles".into(), email: None }));
    }

    #[tokio::test]
    async fn mutation_is_executed() {
        let rename =
            |id: &str| Rename::build_query(rename::Variables { id: id.into(), name: "Eve".into() });
        let data: rename::ResponseData = graph().operation(&rename("1")).await.unwrap();
        assert_eq!(data.rename.name, "Eve");
        let call = graph().operation::<rename::ResponseData>(&rename("3"));
        assert_eq!(code(&call.await.unwrap_err()), (Some("NOT_FOUND"), false));
    }
}
