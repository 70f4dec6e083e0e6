"""The back office's menu."""

ADMIN = "/admin"
Section = tuple[str, tuple[tuple[str, tuple[tuple[str, str], ...]], ...]]

# Sections of groups of (text, address); a section with one unnamed group of one entry is a plain link.
MENU: tuple[Section, ...] = (
    ("Dashboard", (("", (("Dashboard", "/admin/dashboard/"),)),)),
    (
        "Sales",
        (
            (
                "Operations",
                (
                    ("Orders", "/admin/sales/order/"),
                    ("Invoices", "/admin/sales/invoice/"),
                    ("Shipments", "/admin/sales/shipment/"),
                    ("Credit Memos", "/admin/sales/creditmemo/"),
                ),
            ),
        ),
    ),
    (
        "Catalog",
        (("Inventory", (("Products", "/admin/catalog/product/"), ("Categories", "/admin/catalog/category/"))),),
    ),
    (
        "Customers",
        (
            (
                "People",
                (("All Customers", "/admin/customer/index/"), ("Customer Groups", "/admin/customer/group/")),
            ),
        ),
    ),
    (
        "Marketing",
        (
            ("Promotions", (("Cart Price Rules", "/admin/sales_rule/promo_quote/"),)),
            ("SEO & Search", (("Search Terms", "/admin/search/term/"),)),
            ("Communications", (("Newsletter Subscribers", "/admin/newsletter/subscriber/"),)),
            (
                "User Content",
                (
                    ("All Reviews", "/admin/review/product/index/"),
                    ("Pending Reviews", "/admin/review/product/pending/"),
                ),
            ),
        ),
    ),
    (
        "Content",
        (
            ("Elements", (("Pages", "/admin/cms/page/"),)),
            ("Design", (("Themes", "/admin/admin/system_design_theme/"),)),
        ),
    ),
    (
        "Reports",
        (
            (
                "Sales",
                (
                    ("Orders", "/admin/reports/report_sales/sales/"),
                    ("Tax", "/admin/reports/report_sales/tax/"),
                    ("Invoiced", "/admin/reports/report_sales/invoiced/"),
                    ("Shipping", "/admin/reports/report_sales/shipping/"),
                    ("Refunds", "/admin/reports/report_sales/refunded/"),
                    ("Coupons", "/admin/reports/report_sales/coupons/"),
                ),
            ),
            (
                "Products",
                (
                    ("Views", "/admin/reports/report_product/viewed/"),
                    ("Bestsellers", "/admin/reports/report_sales/bestsellers/"),
                    ("Low Stock", "/admin/reports/report_product/lowstock/"),
                    ("Ordered", "/admin/reports/report_product/sold/"),
                ),
            ),
            (
                "Reviews",
                (
                    ("By Products", "/admin/reports/report_review/product/"),
                    ("By Customers", "/admin/reports/report_review/customer/"),
                ),
            ),
            ("Marketing", (("Search Terms", "/admin/search/term/report/"),)),
        ),
    ),
)
