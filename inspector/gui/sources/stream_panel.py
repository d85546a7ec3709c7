"""The form of a network camera, its credentials in fields of their own."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from inspector.gui.engineer.cards import label, level, sentence, set_role
from inspector.gui.sources.state import CredentialState, StreamForm

SCHEMES = ("rtsp", "rtsps", "http", "https")


class StreamPanel(QWidget):
    """Passive. A password typed here leaves it by ``credential_given`` only, then is gone."""

    edited = Signal()
    credential_given = Signal(str, str, str)
    credential_deleted = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.scheme = QComboBox()
        self.scheme.addItems(SCHEMES)
        self.scheme.setAccessibleName(self.tr("Protocol"))
        self.host = self._line(self.tr("Host"), "192.168.0.20")
        self.port = QSpinBox()
        self.port.setRange(0, 65535)
        self.port.setSpecialValueText(self.tr("usual"))
        self.port.setAccessibleName(self.tr("Port"))
        self.path = self._line(self.tr("Path"), "stream1")
        self.credential = self._line(self.tr("Credential name"), "line-1")
        self.username = self._line(self.tr("User name"), "")
        self.password = self._line(self.tr("Password"), "")
        self.password.setEchoMode(QLineEdit.EchoMode.Password)
        self.keep = QPushButton(self.tr("Keep"))
        self.keep.clicked.connect(self._give)
        self.forget = QPushButton(self.tr("Delete"))
        self.forget.setProperty("kind", "quiet")
        self.forget.clicked.connect(lambda: self.credential_deleted.emit(self.form().credential))
        self.remark = label("", "muted", wrap=True)
        self._lay_out()
        self._connect()
        self._show()

    def form(self) -> StreamForm:
        """As typed."""
        return StreamForm(
            scheme=self.scheme.currentText(),
            host=self.host.text().strip(),
            port=self.port.value() or None,
            path=self.path.text().strip(),
            credential=self.credential.text().strip(),
        )

    def set_form(self, form: StreamForm) -> None:
        self.scheme.setCurrentText(form.scheme)
        self.host.setText(form.host)
        self.port.setValue(form.port or 0)
        self.path.setText(form.path)
        self.credential.setText(form.credential)
        self._show()

    def set_credential(self, state: CredentialState) -> None:
        """Whether the name is known, and where its secret is kept."""
        self.remark.setText(sentence(state.remark))
        self.remark.setVisible(bool(state.remark))
        set_role(self.remark, "good" if state.known else "muted")
        self.forget.setVisible(state.known)

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setContentsMargins(0, 0, 0, 0)
        form.setHorizontalSpacing(14)
        form.setVerticalSpacing(8)
        place = QHBoxLayout()
        place.addWidget(self.host, 1)
        place.addWidget(self.port)
        form.addRow(self.tr("Protocol"), self.scheme)
        form.addRow(self.tr("Host and port"), place)
        form.addRow(self.tr("Path"), self.path)
        form.addRow(label(self.tr("Credentials, only if the camera asks for them"), "caption"))
        form.addRow(self.tr("Kept as"), self.credential)
        form.addRow(self.tr("User name"), self.username)
        form.addRow(self.tr("Password"), self.password)
        level(form)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.forget)
        buttons.addWidget(self.keep)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(form)
        column.addLayout(buttons)
        column.addWidget(self.remark)
        column.addStretch(1)

    def _connect(self) -> None:
        self.scheme.activated.connect(lambda index: self.edited.emit())
        self.port.valueChanged.connect(lambda value: self.edited.emit())
        for line in (self.host, self.path, self.credential):
            line.textEdited.connect(lambda text: self.edited.emit())
        for line in (self.credential, self.username, self.password):
            line.textChanged.connect(lambda text: self._show())

    def _show(self) -> None:
        typed = (self.credential, self.username, self.password)
        self.keep.setEnabled(all(line.text() for line in typed))

    def _give(self) -> None:
        name, user = self.credential.text().strip(), self.username.text()
        self.credential_given.emit(name, user, self.password.text())
        self.username.clear()
        self.password.clear()

    def _line(self, name: str, example: str) -> QLineEdit:
        line = QLineEdit()
        line.setAccessibleName(name)
        line.setPlaceholderText(example)
        return line
