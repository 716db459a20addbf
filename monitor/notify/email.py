"""E-mail: text, HTML and the attached reports in one message, by SMTP with TLS.

The Message-ID is made of the idempotency key, so a message that arrives twice is recognised as one;
`References` threads all notices of an alert. RFC 5322, 2046, 2919 (List-Id), 3834 (Auto-Submitted).
"""

import smtplib
import ssl
from datetime import UTC
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr

from config.notify import EmailReceiver, NotifySettings, Smtp
from monitor.notify.channel import DeliveryError, Parcel, Parts

POLICY = policy.SMTP.clone(cte_type="7bit")


def message_id(key: str, sender: str) -> str:
    """Return the Message-ID of a delivery: stable over attempts."""
    domain = parseaddr(sender)[1].rpartition("@")[2] or "localhost"
    return f"<{key}@{domain}>"


class Email:
    """The e-mail channel."""

    def compose(self, parts: Parts, receiver: EmailReceiver, notify: NotifySettings) -> bytes:
        """Return the whole message, headers included."""
        message = EmailMessage(policy=POLICY)
        message["Subject"] = parts.told.subject
        message["From"] = notify.sender
        message["To"] = receiver.to
        message["Date"] = format_datetime(parts.view.at.astimezone(UTC))
        message["Message-ID"] = message_id(parts.key, notify.sender)
        if parts.thread:
            threads = [message_id(key, notify.sender) for key in parts.thread]
            message["In-Reply-To"] = threads[-1]
            message["References"] = " ".join([threads[0], *threads[1:][-9:]])
        message["Auto-Submitted"] = "auto-generated"
        message["List-Id"] = f"Tocsin <tocsin.{parseaddr(notify.sender)[1].rpartition('@')[2]}>"
        message["X-Tocsin-Notice"] = parts.notice_id
        message["X-Tocsin-Kind"] = parts.view.kind.value
        if parts.view.audit_head:
            message["X-Tocsin-Audit-Head"] = parts.view.audit_head
        message.set_content(parts.told.text)
        message.add_alternative(parts.told.html, subtype="html")
        for attached in parts.attachments:
            main, _, sub = attached.media_type.partition(";")[0].partition("/")
            message.add_attachment(
                attached.body,
                maintype=main,
                subtype=sub,
                filename=attached.name,
                params={"charset": "utf-8"} if main == "text" else None,
            )
        return message.as_bytes()

    def deliver(self, parcel: Parcel, receiver: EmailReceiver, notify: NotifySettings) -> None:
        """Hand the message to the mail server. 4yz answers may be tried again, 5yz are final."""
        try:
            with _connect(notify.smtp) as server:
                password = notify.smtp.secret()
                if notify.smtp.user and password:
                    server.login(notify.smtp.user, password)
                server.sendmail(
                    parseaddr(notify.sender)[1], [receiver.to], parcel.body, mail_options=()
                )
        except smtplib.SMTPRecipientsRefused as error:
            code, text = next(iter(error.recipients.values()))
            raise _answer(code, text) from error
        except smtplib.SMTPResponseException as error:
            raise _answer(error.smtp_code, error.smtp_error) from error
        except smtplib.SMTPNotSupportedError as error:
            raise DeliveryError(f"mail server lacks {error}", permanent=False) from error
        except (smtplib.SMTPException, OSError) as error:
            raise DeliveryError(f"mail server: {type(error).__name__}: {error}") from error


def _connect(smtp: Smtp) -> smtplib.SMTP:
    host, port, timeout = smtp.host, smtp.port, smtp.timeout_seconds
    if smtp.security == "none":
        return smtplib.SMTP(host, port, timeout=timeout)
    context = ssl.create_default_context(cafile=str(smtp.ca_file) if smtp.ca_file else None)
    if smtp.security == "tls":
        return smtplib.SMTP_SSL(host, port, timeout=timeout, context=context)
    server = smtplib.SMTP(host, port, timeout=timeout)
    try:
        server.starttls(context=context)
    except (smtplib.SMTPException, OSError):
        server.close()
        raise
    return server


def _answer(code: int, text: bytes | str) -> DeliveryError:
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    # 535 and 534 say that our own password is wrong: mended by the operator, so tried again.
    permanent = 500 <= code < 600 and code not in (530, 534, 535)
    return DeliveryError(f"mail server answered {code} {words}", permanent=permanent)
