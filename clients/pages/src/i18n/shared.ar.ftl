# Every page of ours.
skip = إلى المحتوى
language = اللغة
log-out = تسجيل الخروج
close = إغلاق
cancel = إلغاء
loading = جارٍ التحميل …
try-again = حاول مرة أخرى
yes = نعم
no = لا
