# SPDX-License-Identifier: MIT
"""The provincial portal: news, the directory of units and the way to the other services."""

import html

import service

NEWS = (
    ("Hội nghị đánh giá chỉ số cải cách hành chính", "Các sở, ban, ngành báo cáo kết quả quý."),
    ("Khai trương dịch vụ công trực tuyến mức độ 3, 4", "Người dân nộp hồ sơ qua mạng."),
    ("Thông báo lịch tiếp công dân", "Lịch tiếp công dân của lãnh đạo UBND tỉnh."),
)


def main():
    """Serve the portal."""
    portal = service.Service("portal", depends=lambda: None)
    held = portal.settings

    def home(_request):
        links = "".join(
            f'<li><a href="{html.escape(one["url"])}">{html.escape(one["name"])}</a></li>'
            for one in held["services"]
        )
        news = "".join(
            f'<li><a href="/tin/{number}">{html.escape(title)}</a></li>'
            for number, (title, _) in enumerate(NEWS, start=1)
        )
        return service.Response(
            service.page(
                held["title"],
                f"<h2>Tin tức</h2><ul>{news}</ul>",
                f"<h2>Dịch vụ</h2><ul>{links}</ul>",
                '<p><a href="/don-vi">Danh bạ đơn vị</a></p>',
            ),
            document={"title": held["title"], "services": held["services"]},
        )

    def news(request):
        number = int(request.groups["number"])
        if not 1 <= number <= len(NEWS):
            raise service.FaultError(404, "Không có tin này")
        title, text = NEWS[number - 1]
        return service.Response(service.page(title, f"<p>{html.escape(text)}</p>"))

    def units(_request):
        rows = [(one["name"], one["kind"]) for one in held["units"]]
        return service.Response(
            service.page("Danh bạ đơn vị", service.table(("Đơn vị", "Cấp"), rows)),
            document={"units": held["units"]},
        )

    portal.route("GET", "/", home)
    portal.route("GET", r"/tin/(?P<number>\d{1,4})", news)
    portal.route("GET", "/don-vi", units)
    portal.run()


if __name__ == "__main__":
    main()
