import app


def test_says_which_version_it_is():
    status, text = app.answer("/")
    assert status == 200
    assert text == f"hello from version {app.VERSION}"


def test_health_answers_ok():
    assert app.answer("/health") == (200, "ok")
