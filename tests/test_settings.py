"""What an operator can set, and what is refused at the start."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from app.settings import Settings


def settings(**values: object) -> Settings:
    """Settings without what the folder and the machine say."""
    return Settings(_env_file=None, **values)  # type: ignore[arg-type] # wrong values are what is tested


@pytest.fixture(autouse=True)
def without_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Settings that the machine of the tests happens to have."""
    for name in Settings.model_fields:
        monkeypatch.delenv(f"REGISTER_{name.upper()}", raising=False)
    monkeypatch.chdir(tmp_path)


class TestDefaults:
    def test_need_nothing_and_listen_to_this_machine_only(self) -> None:
        default = Settings()
        assert (default.host, default.port) == ("127.0.0.1", 8000)
        assert default.database_file == Path("register.db")
        assert default.log_level == "info"

    def test_are_all_explained(self) -> None:
        for name, field in Settings.model_fields.items():
            assert field.description, name
            assert not field.is_required(), name


class TestSources:
    def test_are_the_environment_before_the_file(self, monkeypatch: pytest.MonkeyPatch) -> None:
        Path(".env").write_text("REGISTER_PORT=1\nREGISTER_HOST=::1\nOTHER=x\n", "utf-8")
        monkeypatch.setenv("REGISTER_PORT", "2")
        assert (Settings().port, Settings().host) == (2, "::1")

    def test_leave_what_has_no_prefix_alone(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("PORT", "DATABASE_URL", "HOST"):
            monkeypatch.setenv(name, "nonsense")
        assert Settings() == settings()


class TestDatabase:
    @pytest.mark.parametrize(
        ("url", "used", "file"),
        [
            ("sqlite:///register.db", "sqlite+inplace:///register.db", "register.db"),
            ("sqlite:////srv/register.db", "sqlite+inplace:////srv/register.db", "/srv/register.db"),
            ("sqlite+pysqlite:///x.db", "sqlite+inplace:///x.db", "x.db"),
            ("postgresql://u:p@h/d", "postgresql+asyncpg://u:p@h/d", None),
            ("postgresql+psycopg://u:p@h:1/d", "postgresql+asyncpg://u:p@h:1/d", None),
            (
                "postgresql://u:p@a:1,[::1],%2Frun/d?sslmode=require",
                "postgresql+asyncpg://u:p@/d?host=a%2C%3A%3A1%2C%2Frun&port=1%2C5432%2C5432&sslmode=require",
                None,
            ),
            ("postgresql://u:%40%2F@/d?host=/run", "postgresql+asyncpg://u:%40%2F@/d?host=%2Frun", None),
        ],
    )
    def test_is_reached_by_the_drivers_of_the_service(self, url: str, used: str, file: str | None) -> None:
        chosen = settings(database_url=url)
        assert chosen.database.render_as_string(hide_password=False) == used
        assert chosen.database_file == (Path(file) if file else None)

    @pytest.mark.parametrize(
        ("url", "reason"),
        [
            ("", "is not a database URL"),
            ("register.db", "is not a database URL"),
            ("mysql://h/d", "must begin with sqlite:// or postgresql://"),
            ("postgres://h/d", "must begin with sqlite:// or postgresql://"),
            ("sqlite://", "must name a file"),
            ("sqlite:///:memory:", "must name a file"),
            ("sqlite:///register.db?mode=ro", "a parameter that is not known here: mode"),
            ("postgresql://h/d?sslmode=required", "an sslmode that is none of prefer, disable"),
            ("postgresql://h/d?target_session_attrs=master", "target_session_attrs that are none of any, read-write"),
            ("postgresql://a,,b/d", "is not a database URL"),
            ("postgresql:///d?host=a,b&port=1,2,3", "is not a database URL"),
            ("postgresql://h/d?sslmod=require&pool=5", "a parameter that is not known here: pool, sslmod"),
            ("postgresql://h/d?sslrootcert=/none/ca.pem", "a file that cannot be read: /none/ca.pem"),
        ],
    )
    def test_is_refused_when_it_cannot_be_one(self, url: str, reason: str) -> None:
        with pytest.raises(ValidationError, match=reason):
            settings(database_url=url)

    @pytest.mark.parametrize(
        ("primary", "standby", "reason"),
        [
            ("sqlite:///register.db", "postgresql://h/d", "must be a standby of a PostgreSQL"),
            ("postgresql://h/d", "sqlite:///register.db", "must be a standby of a PostgreSQL"),
            ("postgresql://h/d", "postgresql://h/d?mode=ro", "a parameter that is not known here: mode"),
        ],
    )
    def test_has_standbys_of_its_own_kind(self, primary: str, standby: str, reason: str) -> None:
        with pytest.raises(ValidationError, match=reason):
            settings(database_url=primary, database_read_url=standby)

    def test_has_no_standby_where_none_is_named(self) -> None:
        assert settings(database_read_url="").standby is None
        named = settings(database_url="postgresql://a/d", database_read_url="postgresql://b/d")
        assert named.standby is not None
        assert named.standby.host == "b"

    def test_is_never_shown_with_its_password(self) -> None:
        with pytest.raises(ValidationError) as refused:
            settings(database_url="mysql://user:secret@h/d")
        assert "secret" not in str(refused.value.errors()[0]["msg"])

    @pytest.mark.parametrize(
        ("url", "told"),
        [
            ("sqlite:////srv/a:b@c.db", "sqlite:////srv/a:b@c.db"),
            ("postgresql://u@h/d", "postgresql://u@h/d"),
            ("postgresql://u:secret@h:1/d", "postgresql://u:***@h:1/d"),
            ("postgresql://u:sec/ret@h/d", "postgresql://u:***@h/d"),
            ("postgresql://u:secret@a:1,[::1]/d?sslmode=require", "postgresql://u:***@a:1,[::1]/d?sslmode=require"),
        ],
    )
    def test_is_told_as_it_was_named(self, url: str, told: str) -> None:
        assert settings(database_url=url).shown_database == told


class TestTimeZone:
    @pytest.mark.parametrize("name", ["Europe/Berlin", "Europe/Kiev", "Europe/Kyiv", "Arctic/Longyearbyen", "UTC"])
    def test_is_that_of_a_place(self, name: str) -> None:
        assert settings(timezone=name).zone.key == name

    @pytest.mark.parametrize(
        "name",
        [
            *("", "Berlin", "europe/berlin", "Europe/Dresden", "localtime", "posixrules", "Factory", "CET", "EST5EDT"),
            *("Etc/GMT+5", "Etc/UTC", "GMT", "posix/Europe/Berlin", "../Europe/Berlin", "Europe/Berlin "),
        ],
    )
    def test_is_refused_when_it_is_no_place(self, name: str) -> None:
        with pytest.raises(ValidationError, match="must be the time zone of a place"):
            settings(timezone=name)


class TestAddresses:
    def test_are_kept_without_the_slash_that_ends_a_base(self) -> None:
        assert (
            settings(public_url="https://register.stadt.example:8443/").public_url
            == "https://register.stadt.example:8443"
        )
        assert settings(root_path="/stadt/register/").root_path == "/stadt/register"
        assert settings(root_path="/").root_path == ""
        assert settings(terms_url="https://stadt.example/a?b=c#d").terms_url == "https://stadt.example/a?b=c#d"

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            *(("root_path", path) for path in ("register", "/a b", "/../x", "//x", "/a?b", "/.")),
            ("trusted_proxies", "nginx"),
            ("public_url", "register.stadt.example"),
            ("public_url", "https://register.stadt.example/v1"),
            ("public_url", "https://register.stadt.example?x"),
            ("public_url", "https://user:secret@register.stadt.example"),
            ("terms_url", "javascript:alert(1)"),
            ("contact_url", "https://stadt.example/a b"),
            ("contact_url", "https://stadt.example/\nExpires: never"),
            ("data_licence", "dl-de/by-2-0"),
            ("oparl_bodies", "https://oparl.stadt.example/bodies/1"),
            ("oparl_bodies", "1461200=https://oparl.stadt.example/bodies/1"),
            ("oparl_bodies", "14612000=oparl.stadt.example"),
            ("contact_email", "register"),
            ("contact_email", "register@stadt.example\nExpires: never"),
            ("operator", "x" * 201),
        ],
    )
    def test_are_refused_when_they_lead_nowhere(self, name: str, value: str) -> None:
        with pytest.raises(ValidationError):
            settings(**{name: value})


class TestLimits:
    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("port", 0),
            ("port", 65_536),
            ("port", "http"),
            ("database_pool_size", 0),
            ("database_pool_size", 201),
            ("database_pool_timeout", 0),
            ("database_pool_timeout", 61),
            ("database_pool_timeout", "nan"),
            ("rate_limit", 0),
            ("rate_limit", 2**31),
            ("log_level", "trace"),
            ("log_level", ""),
        ],
    )
    def test_refuse_what_could_not_work(self, name: str, value: object) -> None:
        with pytest.raises(ValidationError) as refused:
            settings(**{name: value})
        assert [error["loc"] for error in refused.value.errors()] == [(name,)]

    def test_do_not_change_while_the_service_runs(self) -> None:
        with pytest.raises(ValidationError, match="frozen"):
            settings().port = 1  # type: ignore[misc] # that it is refused is the point
